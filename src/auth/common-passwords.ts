/**
 * Passwords that are tried first, in lower case and without blanks: the commonest ones, and words that people make longer
 * with a year or a sign. Those shorter than a password may be are here for what is left of one without its digits and
 * signs (see password-rules.ts).
 */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `
  shopfloor-demo !@#$%^&*() !qaz2wsx3edc 0000000000 00000000000 000000000000 0101010101 0123456789 0987654321 1!2@3#4$5% 1010101010
  1020304050 102030405060 1029384756 1111111111 11111111111 111111111111 1122334455 11223344556 112233445566
  1212121212 121212121212 1213141516 1231231231 123123123123 1231231234 1234123412 123412341234 1234512345 1234554321
  123456123456 1234567812345678 1234567890 12345678901 123456789012 1234567890123 1234567891 12345678910 1234567891011
  123456789123 123456abcd 1234qwerasdf 123abc123abc 123qwe123qwe 123qweasdzxc 1357913579 1a2b3c4d5e 1q2w3e4r5t
  1q2w3e4r5t6y 1q2w3e4r5t6y7u 1qaz2wsx3edc 1qaz2wsx3edc4rfv 2222222222 2468013579 3141592653 31415926535 3333333333
  4444444444 5432112345 5555555555 55555555555 6666666666 6969696969 7418529630 7777777777 77777777777 8888888888
  88888888888 9876543210 9999999999 99999999999 a123456789 a1234567890 a1b2c3d4e5 a1b2c3d4e5f6 aa12345678 aa123456789
  aaaaa aaaaaa aaaaaaa aaaaaaaa aaaaaaaaaa aaaaaaaaaaaa aabbccddee aabbccddeeff aassddffgg ababababab abc1234567
  abc123abc123 abcabc abcabcabc abcabcabca abcd123456 abcd123456789 abcdabcd abcde abcdeabcde abcdef abcdefg abcdefgh
  abcdefghi abcdefghij abcdefghijk abcdefghijkl access account accounting admin adminadmin administrator alberta
  alexander alexandra alexandria always amanda amazon america american amour amoureux andrea andrew android
  anniversary anthony anything aprill asd123456789 asd123asd123 asdf asdf1234asdf asdfasdf asdfg asdfgh asdfghj
  asdfghjk asdfghjkl asdfghjklö ashley assassinscreed asshole assholes august austin autumn avalanche1 avengers
  awesomeness azerty azertyazerty azertyui azertyuiop barcelona1 bartsimpson baseball basketball bassfishing bastard
  batman battlefield bayernmunich bbbbbbbbbb beautifulgirl believeinyourself beloved benjamin bestfriend bestfriends
  bicycle bienvenue bigbear bigboy bigcock bigdaddy bigdick bigdog biker billionaire birthday bisounours bitch
  bitchass bitches biteme blackberry blackhawks blacksabbath blahblahblah blank blowjob bobcat bonjour bonsoir boxer
  boxing boyfriend brandon braves britain brittany brother brothers buddy buddyboy bullshit butterflies calgary
  california californication callofduty cameron camion canada canadian canadien canadiens cantguess cantguessthis
  captain captainamerica caramel cardinals catdog caterpillar catwoman cccccccccc celtics challenger changeit changeme
  changemenow charles charlie charlotte chaton cheerleader cheerleading cheeseburger cheesecake cheetah chelsea cheval
  chevaux chewbacca chicagobulls chiefs children chocolat chocolates chouchou chris christian christine christmas
  christophe christopher classof cocksucker college computer computers contrasena contrasenia cookiemonster
  corinthians correcthorse correcthorsebatterystaple coucou cougar cougars counterstrike courtney cricket
  cristianoronaldo cycling daddy daddysgirl dallascowboys dancer dancing daniel danielle darkknight darthvader david
  dddddddddd deadpool debian december default demo demodemo demon demons desktop deutschland devil diablo diamond
  dickhead diosesamor dodgers doggie doggy donaldduck dontforget dontguess doudou doudoune dragon dragonball
  dragonballz dragons dragonslayer dumbledore earthquake easter edward eeeeeeeeee egalite electrician electronic
  electronics elizabeth elvispresley emily england english enterprise etoile evanescence example exampleexample
  facebook factory famille family familyfirst father fcbarcelona february fenerbahce ffffffffff firefighter firstlast
  firstname fleur flowerpower football foreman forever foreverandever foreverlove foreveryoung forgetmenot forzainter
  forzamilan friday fridaythe13th friend friends friendship friendster frodo fucked fucker fuckers fucking fuckit
  fuckme fuckoff fuckthis fuckthisshit fuckyou fuckyouall gabriel galatasaray gandalf george gfdsa gggggggggg ghost
  ghosts giants girlfriend gmail godisgreat golfball golfer golfing goodfellas goodmorning google graduate grandma
  grandpa grandtheftauto greenapple greendragon gryffindor guessit guessme guest gunsnroses gymnastics hahahahaha
  hallohallo halloween hannah hansolo happybirthday happygolucky happynewyear harleydavidson harry harrypotter heart
  hearts heather heavymetal hello123456 hellohello hellokitty hellothere helloworld helpmeplease hermione hgfdsa
  hhhhhhhhhh highschool hobbit hockey hogwarts holiday holidays holyspirit homersimpson honeybunny hotmail
  hugsandkisses hunter husband iamawesome iamgod iamlegend iamthebest ichliebedich iiiiiiiiii ilovechocolate ilovegod
  iloveher ilovehim ilovejesus iloveme ilovemom ilovemoney ilovemum ilovemusic ilovemycat ilovemydad ilovemydog
  ilovemyfamily ilovemylife ilovemyself iloveu iloveyou iloveyoubaby iloveyouforever iloveyouso iloveyousomuch iluvu
  iluvyou imawesome imthebest incorrect independence indianajones instagram internazionale internet iphone ireland
  irish ironmaiden ironman isabelle ismypassword jackson jacob jacqueline jaguar jaguars james january jasmine jason
  jedimaster jennifer jeremy jessica jessie jesucristo jesuschrist jesusislord jesuslovesme jesussaves jetaime
  jetaimetrop jjjjjjjjjj johnny joker jonathan jordan joseph joshua justin justinbieber karen katherine keepout kevin
  keyboard kimberly kissmybutt kitten kittens kitty kittycat kkkkkkkkkk knicks lacrosse lakers lamborghini laptop
  lastname lauren leagueoflegends lebron lebronjames ledzeppelin legolas leonardo leopard letmein letmeinnow
  letmeinplease liberte linda linkedin linkinpark linux lionelmessi lionking lions littlegirl liverpoolfc lkjhgfdsa
  llllllllll login loginlogin london lordoftherings losangeles loulou love loveforever lovehurts loveless lovelife
  lovelove lovely loveme lover loverboy lovergirl lovers loves loveyou loving lucky lukeskywalker lumiere macbook
  machining macintosh maggie maintenance maison mamamia mamma manager manchester manchesterunited mapleleafs marathon
  march marcus maria marie marseille13 marseillelyon martin mason master masterkey matrix matthew maxwell melanie
  melissa mercedesbenz merlin merrychristmas michael michaeljackson michaeljordan michel michelle mickeymouse
  microsoft millionaire minniemouse minou mitsubishi mmmmmmmmmm mnbvcx mnbvcxz mommy monamour monday moneymoney monkey
  monkeyboy monkeyman monkeys monmotdepasse monster monsters montreal morgan motdepasse mother motherfucker motorola
  mountaindew musicislife musique mutherfucker mybaby mybabyboy mybabygirl mychildren myfamily mykids mylife mylove
  mylover myloves mynewpassword mypass mypassword mypasswordis mysecret myself myspace mysweet natalie nathalie nathan
  netflix network networking newpassword newyear newyorkcity newzealand nicholas nicolas nicole nnnnnnnnnn nobodyknows
  nokia noneofyourbusiness noneyabusiness nopassword nothing nounou november number numberone obiwan october
  oldpassword oliver olivia olympique olympiquelyonnais onedirection onetwothree onetwothreefour ontario oooooooooo
  opendoor opensesame openup operator ordinateur ottawa p@ssw0rd p@ssword pa55w0rd pa55word packers panther panthers
  papillon parisparis passcode passkey passpass passphrase passw0rd passwd password passwordpassword passwort patricia
  patrick patrickstar patriots paypal peaceandlove peanutbutter peppermint peter phantom philadelphia philippe
  philippines phillies pierre pinkpanther pistons pittsburgh playstation pleasehelp poiuy poiuyt poiuytr poiuytrewq
  pppppppppp prettygirl princesita princesse1 private production productions programmer psgpsg public puertorico
  puppies puppy puppydog puppylove purplehaze purplerain pussycat q123456789 q1w2e3r4t5 q1w2e3r4t5y6 qazqaz qazwsx
  qazwsxedc qazwsxedcrfv qazxsw qazxswedc qq123456789 qqqqqqqqqq qqwweerrtt qsdfgh qsdfghjklm quebec qwe123456789
  qwe123qwe123 qweasdzxc123 qwer qwerasdfzxcv qwert qwertasdfg qwerty qwertyasdf qwertyqwerty qwertyu qwertyui
  qwertyuio qwertyuiop qwertz qwertzuiop qwertzuiopü rachel raiders realmadrid rebecca redskins redsox rememberme
  richard robert rockandroll rollingstones ronaldinho root rottweiler rrrrrrrrrr rubberduck rugby runner running ryan
  samantha sample sampleuser samsung samuel sandra sanfrancisco sarah satan saturday schmetterling school scotland
  scott sebastian secret secrets senhasenha september server sesame shitface shithead shopfloor silverado1 silverstar
  simon sister sisters skate skateboard skateboarding skater skiing skype skywalker slytherin snapchat snowboard
  snowboarding soccer soccerball softball soleil something sonnenschein sophie spiderman1 spock spotify spring
  springtime spurs squarepants ssssssssss startrek starwars stayaway steelers stephanie steven strawberries strawberry
  student students successful sucker suckit suckme suckmydick summer summertime sunflowers superhero superman
  supermario supersecret superuser supervisor surfer surfing sweetheart sweetie swimmer swimming switzerland sylvie
  sysadmin system taylor teamomucho technician temp temporary temppass temppassword tennis tequieromucho terminator
  test tester testing testpass testpassword testtest thebeatles thepassword thisismypassword thisispassword thomas
  thunderbird thunderbolt thursday ticket tickets tiffany tiger tigerlily tigers tigerwoods tigger tinkerbell
  tinkerbelle together toolbox topsecret toronto toujours travail trewq trinity trustnoone tttttttttt tuesday twilight
  twins twitter tyler ubuntu undeuxtrois unguessable university unodostres usausa user username uuuuuuuuuu vacances
  vacation valentine vampire vampires vancouver vanessa verysecret victor victoria vikings vincent voiture voldemort
  volkswagen volleyball vvvvvvvvvv w123456789 wachtwoord warriors washington watermelon wedding wednesday weekend
  welcome welcomeback welcomehome whatever whatisthis whatsapp whatthefuck whatthehell wildcat wildcats william wilson
  windows windowsxp winniethepooh winter wintertime wolverine1 wolverines wonderwoman workshop worldofwarcraft
  wrestler wrestling wrongpassword wsxedc wwwwwwwwww wxcvbn xxxxx xxxxxx xxxxxxxx xxxxxxxxxx yahoo yankees yellowstone
  yourpassword youtube ytrewq yyyyyyyyyy z123456789 zachary zaq12wsx zaqwsx zaqxsw zaqxswcde zombie zombies
  zxc123456789 zxcv zxcvb zxcvbn zxcvbnm zxcvzxcv zz123456789 zzzzzz zzzzzzzz zzzzzzzzzz
`
    .trim()
    .split(/\s+/),
);
