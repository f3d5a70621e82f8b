import { PROBLEMS, type ProblemCode } from "../problem.ts";
import type { Locale } from "../vocabulary/locales.ts";

type Advice = { [L in Locale]: string };
const advice = (en: string, fr: string): Advice => ({ en, fr });

const FIELDS = advice(
  "The member `errors` names each field and says what is wrong with it. Correct these, and send the request again.",
  "Le membre `errors` nomme chaque champ et dit ce qui ne va pas. Corrigez-les, puis renvoyez la requête.",
);
const TAKEN = advice(
  "Choose another value, or change the entry that has this one.",
  "Choisissez une autre valeur, ou modifiez l'entrée qui a celle-ci.",
);
const PASSWORD = advice(
  "Type the password again. After five wrong ones each further try has to wait, twice as long each time.",
  "Saisissez de nouveau le mot de passe. Après cinq erreurs, chaque essai doit attendre, deux fois plus longtemps chaque fois.",
);
const SETTING = advice(
  "Only whoever runs this service can mend this: the setting has to be made. Until then the request is refused again.",
  "Seul l'exploitant du service peut y remédier : ce réglage est à faire. D'ici là, la requête sera refusée de nouveau.",
);

/** What to do about a code where that of its status would not help. */
const OF_CODE: { [C in ProblemCode]?: Advice } = {
  incomplete_body: advice(
    "Send the request again, with the same `Idempotency-Key`.",
    "Renvoyez la requête, avec la même `Idempotency-Key`.",
  ),
  validation_failed: FIELDS,
  value_not_accepted: FIELDS,
  unknown_parameter: advice(
    "The member `known` lists them. Correct the spelling, or leave the parameter out.",
    "Le membre `known` les énumère. Corrigez l'orthographe, ou omettez le paramètre.",
  ),
  invalid_cursor: advice(
    "Begin again without a cursor, and take `next_cursor`, or the `Link` header, as it is.",
    "Recommencez sans curseur, et reprenez `next_cursor`, ou l'en-tête `Link`, tel quel.",
  ),
  invalid_credentials: PASSWORD,
  wrong_password: PASSWORD,
  person_required: advice(
    "Sign in as a person, and send the request with that session. No API key can do this.",
    "Connectez-vous en personne et envoyez la requête avec cette session. Aucune clé d'API ne le peut.",
  ),
  signed_in_as_other: advice(
    "`Shopfloor-User` names another person. Keep the request until they sign in again, and send it then.",
    "`Shopfloor-User` nomme une autre personne. Gardez la requête jusqu'à ce qu'elle se reconnecte, et envoyez-la alors.",
  ),
  cross_origin_request: advice(
    "Send it from a page of this site, or with a bearer token instead of the cookie.",
    "Envoyez-la d'une page de ce site, ou avec un jeton Bearer au lieu du témoin.",
  ),
  request_in_progress: advice(
    "Send the same request again after a moment, with the same `Idempotency-Key`.",
    "Renvoyez la même requête dans un instant, avec la même `Idempotency-Key`.",
  ),
  illegal_status_transition: advice(
    "The member `allowed` lists what the ticket may become. Somebody else may have been first: `current_status` and `assigned_to` say so.",
    "Le membre `allowed` énumère les états possibles. Quelqu'un vous a peut-être devancé : voyez `current_status` et `assigned_to`.",
  ),
  overtaken: advice(
    "The members `by` and `at` say who was first, and when; `current` says how the ticket stands. Let it be, or send the change again with what it is now.",
    "Les membres `by` et `at` disent qui a devancé et quand; `current` dit où en est le ticket. Laissez-le ainsi, ou renvoyez le changement avec l'état actuel.",
  ),
  machine_type_code_taken: TAKEN,
  email_taken: TAKEN,
  serial_number_taken: TAKEN,
  last_admin: advice("Make somebody else an administrator first.", "Nommez d'abord un autre administrateur."),
  machine_has_tickets: advice(
    "Add a machine of the right type, and retire this one.",
    "Ajoutez une machine du bon type, et retirez celle-ci.",
  ),
  machine_is_down: advice(
    "The member `tickets` lists the tickets that say so. Complete or cancel them, or take their `is_machine_down` back.",
    "Le membre `tickets` énumère les tickets qui le disent. Terminez-les, annulez-les, ou retirez leur `is_machine_down`.",
  ),
  subscription_expired: advice(
    "Unsubscribe on the device, subscribe anew, and send the new subscription.",
    "Désabonnez l'appareil, abonnez-le de nouveau, et envoyez le nouvel abonnement.",
  ),
  delivery_in_progress: advice(
    "Wait until this try has ended, and look whether another one is needed.",
    "Attendez la fin de cet essai, puis voyez s'il en faut un autre.",
  ),
  customer_erased: advice(
    "Nothing of an erased person comes back. Add them as a new customer, should they ask for it.",
    "Rien d'une personne effacée ne revient. Ajoutez-la comme nouveau client si elle le demande.",
  ),
  idempotency_key_reused: advice(
    "Use a new key for a new request. To repeat the earlier one, send exactly its body.",
    "Prenez une nouvelle clé pour une nouvelle requête. Pour répéter la précédente, envoyez exactement son corps.",
  ),
  too_many: advice(
    "Remove one that is no longer needed, then add the new one.",
    "Retirez-en un qui n'est plus utile, puis ajoutez le nouveau.",
  ),
  misconfigured: SETTING,
  stripe_not_configured: SETTING,
};

const OF_STATUS: { [status: number]: Advice } = {
  401: advice(
    "Sign in, or send a valid API key, and send the request again.",
    "Connectez-vous, ou envoyez une clé d'API valide, puis renvoyez la requête.",
  ),
  403: advice(
    "Ask an administrator for the right, or have somebody who has it do this.",
    "Demandez ce droit à un administrateur, ou faites-le faire par quelqu'un qui l'a.",
  ),
  404: advice(
    "Check the address and the ids in it. What was deleted does not come back under its old address.",
    "Vérifiez l'adresse et ses identifiants. Ce qui a été supprimé ne revient pas à son ancienne adresse.",
  ),
  405: advice(
    "Use one of the methods that the `Allow` header names.",
    "Utilisez une des méthodes que nomme l'en-tête `Allow`.",
  ),
  412: advice(
    "Read the newest version, apply the change to it, and send its `ETag` in `If-Match`.",
    "Lisez la version la plus récente, appliquez-y la modification et envoyez son `ETag` dans `If-Match`.",
  ),
  413: advice("Send less at once.", "Envoyez moins à la fois."),
  415: advice(
    "Send the content type that the API document names for this route.",
    "Envoyez le type de contenu que le document de l'API donne pour cette route.",
  ),
  429: advice(
    "Wait as many seconds as the `Retry-After` header says.",
    "Attendez le nombre de secondes indiqué par l'en-tête `Retry-After`.",
  ),
};

const REQUEST = advice(
  "Correct the request. Sent again unchanged, it is refused again.",
  "Corrigez la requête. Renvoyée telle quelle, elle sera refusée de nouveau.",
);
const SERVICE = advice(
  "Nothing is wrong with the request. Send it again after a while, with the same `Idempotency-Key`; if it stays, tell the administrator the `request_id`.",
  "La requête n'est pas en cause. Renvoyez-la plus tard avec la même `Idempotency-Key` ; si cela persiste, donnez le `request_id` à l'administrateur.",
);

/** What somebody who meets this code should do, in their language; names of members and headers are in backticks. */
export function adviceFor(locale: Locale, code: ProblemCode): string {
  const { status } = PROBLEMS[code];
  return (OF_CODE[code] ?? OF_STATUS[status] ?? (status >= 500 ? SERVICE : REQUEST))[locale];
}
