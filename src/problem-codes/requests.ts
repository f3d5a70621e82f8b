import { type ProblemType, problem } from "./problem-type.ts";

/** What can be wrong with any request, or with the service itself. */
export const REQUEST_PROBLEMS = {
  invalid_json: problem(
    400,
    ["Malformed JSON", "The request body is not valid JSON: {reason}."],
    ["JSON mal formé", "Le corps de la requête n'est pas du JSON valide : {reason}."],
  ),
  incomplete_body: problem(
    400,
    ["Incomplete body", "The connection ended before the whole request body had arrived. Nothing was changed."],
    ["Corps incomplet", "La connexion a pris fin avant que le corps de la requête soit arrivé. Rien n'a changé."],
  ),
  invalid_multipart: problem(
    400,
    ["Malformed form", "The request body is not valid multipart/form-data."],
    ["Formulaire mal formé", "Le corps de la requête n'est pas du multipart/form-data valide."],
  ),
  invalid_text: problem(
    400,
    ["Invalid text", "Text must not contain NUL or unpaired surrogates."],
    ["Texte invalide", "Le texte ne doit contenir ni NUL ni demi-codet isolé."],
  ),
  validation_failed: problem(
    400,
    ["Validation failed", "One or more fields are invalid: {fields}."],
    ["Validation échouée", "Un ou plusieurs champs sont invalides : {fields}."],
  ),
  unknown_parameter: problem(
    400,
    ["Unknown query parameter", "Query parameters that this address knows: {known}."],
    ["Paramètre inconnu", "Paramètres que cette adresse connaît : {known}."],
  ),
  invalid_cursor: problem(
    400,
    ["Invalid cursor", "The cursor is not one that this list has given out."],
    ["Curseur invalide", "Ce curseur ne provient pas de cette liste."],
  ),
  invalid_idempotency_key: problem(
    400,
    ["Invalid Idempotency-Key", "Idempotency-Key must be 1 to 255 visible ASCII characters."],
    ["Idempotency-Key invalide", "Idempotency-Key doit compter de 1 à 255 caractères ASCII visibles."],
  ),
  unauthorized: problem(
    401,
    ["Not signed in", "Sign in first: the session or API key is missing, unknown or expired."],
    ["Non connecté", "Connectez-vous d'abord : la session ou la clé d'API est absente, inconnue ou expirée."],
  ),
  invalid_credentials: problem(
    401,
    ["Sign-in refused", "The e-mail address or the password is wrong."],
    ["Connexion refusée", "L'adresse courriel ou le mot de passe est incorrect."],
  ),
  wrong_password: problem(
    403,
    ["Wrong password", "The current password is wrong."],
    ["Mot de passe incorrect", "Le mot de passe actuel est incorrect."],
  ),
  password_length: problem(
    422,
    ["Password too short or too long", "A password has {min} to {max} characters."],
    ["Mot de passe trop court ou trop long", "Un mot de passe compte de {min} à {max} caractères."],
  ),
  password_too_common: problem(
    422,
    ["Password too common", "This password is among the first that are tried. Choose a longer or a rarer one."],
    [
      "Mot de passe trop courant",
      "Ce mot de passe est parmi les premiers essayés. Choisissez-en un plus long ou plus rare.",
    ],
  ),
  password_personal: problem(
    422,
    ["Password too personal", "The password must not be the e-mail address, what is before its @, or the name."],
    [
      "Mot de passe trop personnel",
      "Le mot de passe ne doit être ni l'adresse courriel, ni ce qui précède son @, ni le nom.",
    ],
  ),
  forbidden: problem(
    403,
    ["Not allowed", "Your role does not allow this: it needs '{permission}'."],
    ["Action non permise", "Votre rôle ne le permet pas : il faut le droit « {permission} »."],
  ),
  forbidden_field: problem(
    403,
    ["Field not allowed", "Your role may not set '{field}' to this value."],
    ["Champ non permis", "Votre rôle ne permet pas de donner cette valeur à « {field} »."],
  ),
  person_required: problem(
    403,
    ["Not with an API key", "Accounts, roles, passwords and API keys are in people's hands. Sign in to do this."],
    [
      "Pas avec une clé d'API",
      "Les comptes, rôles, mots de passe et clés d'API restent entre les mains de personnes. Connectez-vous.",
    ],
  ),
  signed_in_as_other: problem(
    409,
    [
      "Signed in as somebody else",
      "This request is for another person than the one who is signed in. Nothing was done.",
    ],
    [
      "Une autre personne est connectée",
      "Cette requête est pour une autre personne que celle connectée. Rien n'a été fait.",
    ],
  ),
  cross_origin_request: problem(
    403,
    ["Cross-origin request refused", "Requests with a session cookie must come from this site itself."],
    ["Requête d'une autre origine refusée", "Une requête avec cookie de session doit venir de ce site."],
  ),
  not_found: problem(
    404,
    ["Not found", "There is nothing at this address."],
    ["Introuvable", "Il n'y a rien à cette adresse."],
  ),
  method_not_allowed: problem(
    405,
    ["Method not allowed", "This address answers only {allow}."],
    ["Méthode non permise", "Cette adresse n'accepte que {allow}."],
  ),
  version_conflict: problem(
    412,
    ["Changed meanwhile", "Somebody changed this in the meantime. Fetch it again and repeat your change."],
    ["Modifié entre-temps", "Quelqu'un a modifié ceci entre-temps. Relisez-le et refaites votre changement."],
  ),
  payload_too_large: problem(
    413,
    ["Body too large", "The request body may have at most {limit} bytes."],
    ["Corps trop grand", "Le corps de la requête compte au plus {limit} octets."],
  ),
  unsupported_media_type: problem(
    415,
    ["Unsupported media type", "Send the body as {expected}."],
    ["Type de contenu non pris en charge", "Envoyez le corps en {expected}."],
  ),
  range_not_satisfiable: problem(
    416,
    ["Range not satisfiable", "The file ends before the part that was asked for."],
    ["Plage impossible", "Le fichier finit avant la partie demandée."],
  ),
  idempotency_key_reused: problem(
    422,
    ["Idempotency-Key reused", "This Idempotency-Key was already used with another body."],
    ["Idempotency-Key réutilisée", "Cette Idempotency-Key a déjà servi avec un autre corps."],
  ),
  value_not_accepted: problem(
    422,
    ["Value not accepted", "The request is well-formed, but these values cannot be taken: {fields}."],
    ["Valeur non acceptée", "La requête est bien formée, mais ces valeurs ne peuvent être prises : {fields}."],
  ),
  request_in_progress: problem(
    409,
    ["Still in progress", "A request with this Idempotency-Key is still in progress. Ask again for its answer."],
    ["Encore en cours", "Une requête avec cette Idempotency-Key est encore en cours. Redemandez sa réponse."],
  ),
  too_many_requests: problem(
    429,
    ["Too many requests", "Too many attempts. Try again in {seconds} seconds."],
    ["Trop de requêtes", "Trop de tentatives. Réessayez dans {seconds} secondes."],
  ),
  internal_error: problem(
    500,
    ["Internal error", "Something went wrong on our side. Quote the request id when you report it."],
    ["Erreur interne", "Une erreur est survenue de notre côté. Citez l'identifiant de requête en la signalant."],
  ),
  misconfigured: problem(
    500,
    ["Server misconfigured", "The server lacks a setting it needs. Its log names it."],
    ["Serveur mal configuré", "Il manque un réglage au serveur. Son journal le nomme."],
  ),
  storage_unavailable: problem(
    503,
    ["File storage unavailable", "The file storage did not answer. Nothing was changed; try again."],
    ["Stockage indisponible", "Le stockage de fichiers n'a pas répondu. Rien n'a changé; réessayez."],
  ),
  database_unavailable: problem(
    503,
    ["Database unavailable", "The database did not answer. Try again, with the same Idempotency-Key if there was one."],
    [
      "Base de données indisponible",
      "La base de données n'a pas répondu. Réessayez, avec la même Idempotency-Key s'il y en avait une.",
    ],
  ),
} as const satisfies Record<string, ProblemType>;
