import type { ContentfulStatusCode } from "hono/utils/http-status";

interface Text {
  title: string;
  detail: string;
}

interface ProblemType {
  status: ContentfulStatusCode;
  en: Text;
  fr: Text;
}

const problem = (status: ContentfulStatusCode, en: [string, string], fr: [string, string]): ProblemType => ({
  status,
  en: { title: en[0], detail: en[1] },
  fr: { title: fr[0], detail: fr[1] },
});

/**
 * Every error code that a client can meet, its HTTP status and its words in both languages (contract section 1).
 * `{name}` in a detail is filled from the error's `params`.
 */
export const PROBLEMS = {
  invalid_json: problem(
    400,
    ["Malformed JSON", "The request body is not valid JSON: {reason}."],
    ["JSON mal formé", "Le corps de la requête n'est pas du JSON valide : {reason}."],
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
  stripe_signature_invalid: problem(
    400,
    ["Signature invalid", "The Stripe-Signature header does not fit this body, or is too old."],
    ["Signature invalide", "L'en-tête Stripe-Signature ne correspond pas à ce corps, ou est trop ancien."],
  ),
  validation_failed: problem(
    400,
    ["Validation failed", "One or more fields are invalid: {fields}."],
    ["Validation échouée", "Un ou plusieurs champs sont invalides : {fields}."],
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
  ticket_not_found: problem(
    404,
    ["Ticket not found", "There is no such ticket."],
    ["Ticket introuvable", "Ce ticket n'existe pas."],
  ),
  machine_not_found: problem(
    404,
    ["Machine not found", "There is no such machine, or it is retired."],
    ["Machine introuvable", "Cette machine n'existe pas ou a été retirée."],
  ),
  machine_type_not_found: problem(
    404,
    ["Machine type not found", "There is no such machine type."],
    ["Type de machine introuvable", "Ce type de machine n'existe pas."],
  ),
  user_not_found: problem(
    404,
    ["User not found", "There is no such user."],
    ["Utilisateur introuvable", "Cet utilisateur n'existe pas."],
  ),
  attachment_not_found: problem(
    404,
    ["Attachment not found", "There is no such attachment."],
    ["Pièce jointe introuvable", "Cette pièce jointe n'existe pas."],
  ),
  customer_unknown: problem(
    404,
    ["Customer not found", "There is no such customer."],
    ["Client introuvable", "Ce client n'existe pas."],
  ),
  contact_method_not_found: problem(
    404,
    ["Contact method not found", "The customer has no such contact method."],
    ["Moyen de contact introuvable", "Le client n'a pas ce moyen de contact."],
  ),
  api_key_not_found: problem(
    404,
    ["API key not found", "There is no such API key."],
    ["Clé d'API introuvable", "Cette clé d'API n'existe pas."],
  ),
  delivery_not_found: problem(
    404,
    ["Delivery not found", "There is no such delivery."],
    ["Envoi introuvable", "Cet envoi n'existe pas."],
  ),
  webhook_not_found: problem(
    404,
    ["Webhook not found", "There is no such webhook endpoint."],
    ["Webhook introuvable", "Ce webhook n'existe pas."],
  ),
  subscription_not_found: problem(
    404,
    ["Device not found", "You have no such device."],
    ["Appareil introuvable", "Vous n'avez pas cet appareil."],
  ),
  method_not_allowed: problem(
    405,
    ["Method not allowed", "This address answers only {allow}."],
    ["Méthode non permise", "Cette adresse n'accepte que {allow}."],
  ),
  machine_type_code_taken: problem(
    409,
    ["Code taken", "Another machine type already has this code."],
    ["Code déjà pris", "Un autre type de machine porte déjà ce code."],
  ),
  illegal_status_transition: problem(
    409,
    ["Illegal status transition", "A ticket that is '{from}' cannot become '{to}'."],
    ["Changement d'état impossible", "Un ticket à l'état « {from} » ne peut pas passer à « {to} »."],
  ),
  email_taken: problem(
    409,
    ["E-mail address taken", "Another account already has this e-mail address."],
    ["Adresse courriel déjà prise", "Un autre compte porte déjà cette adresse courriel."],
  ),
  last_admin: problem(
    409,
    ["Last administrator", "The last active administrator must stay one."],
    ["Dernier administrateur", "Le dernier administrateur actif doit le rester."],
  ),
  machine_has_tickets: problem(
    409,
    ["Machine has tickets", "The type of a machine that has tickets cannot change."],
    ["La machine a des tickets", "Le type d'une machine qui a des tickets ne peut pas changer."],
  ),
  machine_is_down: problem(
    409,
    [
      "Machine is down",
      "An open ticket says that this machine is down: it stays out of service until the ticket ends.",
    ],
    ["Machine à l'arrêt", "Un ticket ouvert dit que cette machine est à l'arrêt : elle reste hors service d'ici là."],
  ),
  serial_number_taken: problem(
    409,
    ["Serial number taken", "Another machine already has this serial number."],
    ["Numéro de série déjà pris", "Une autre machine porte déjà ce numéro de série."],
  ),
  delivery_in_progress: problem(
    409,
    ["Delivery in progress", "This delivery is on its way just now."],
    ["Envoi en cours", "Cet envoi est justement en cours."],
  ),
  customer_erased: problem(
    410,
    ["Customer erased", "Everything about this person was erased; the customer can no longer be changed."],
    ["Client effacé", "Tout ce qui concernait cette personne a été effacé; le client ne peut plus être modifié."],
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
  assignee_not_found: problem(
    422,
    ["Unknown assignee", "assigned_to does not name an active user."],
    ["Personne inconnue", "assigned_to ne désigne pas un utilisateur actif."],
  ),
  customer_not_found: problem(
    422,
    ["Unknown customer", "customer_id does not name an active customer."],
    ["Client inconnu", "customer_id ne désigne pas un client actif."],
  ),
  empty_file: problem(
    422,
    ["Empty file", "The file has no content."],
    ["Fichier vide", "Le fichier n'a pas de contenu."],
  ),
  invalid_csv: problem(
    422,
    ["Unreadable CSV", "The file cannot be read as a table of tickets: {reason}."],
    ["CSV illisible", "Le fichier ne se lit pas comme une table de tickets : {reason}."],
  ),
  too_many_lines: problem(
    422,
    ["Too many lines", "One file may hold at most {limit} tickets. Split it."],
    ["Trop de lignes", "Un fichier compte au plus {limit} tickets. Divisez-le."],
  ),
  target_not_allowed: problem(
    422,
    ["Address not allowed", "The address must be https to a public host."],
    ["Adresse non permise", "L'adresse doit être en https vers un hôte public."],
  ),
  push_service_not_allowed: problem(
    422,
    ["Push service not allowed", "The endpoint does not belong to a known push service."],
    ["Service push non permis", "L'adresse n'appartient pas à un service push connu."],
  ),
  idempotency_key_reused: problem(
    422,
    ["Idempotency-Key reused", "This Idempotency-Key was already used with another body."],
    ["Idempotency-Key réutilisée", "Cette Idempotency-Key a déjà servi avec un autre corps."],
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
  ticket_id_exhausted: problem(
    500,
    ["No free ticket number", "No free ticket number was found in three tries. Nothing was saved; try again."],
    ["Aucun numéro libre", "Aucun numéro de ticket libre après trois essais. Rien n'a été enregistré; réessayez."],
  ),
  stripe_not_configured: problem(
    503,
    ["Stripe not configured", "The connection to Stripe is not set up: the server lacks {setting}."],
    ["Stripe non configuré", "La connexion à Stripe n'est pas configurée : il manque {setting} au serveur."],
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

export type ProblemCode = keyof typeof PROBLEMS;
