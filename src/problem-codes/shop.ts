import { type ProblemType, problem } from "./problem-type.ts";

/** What can be wrong with the things that the shop keeps: tickets, machines, people, customers, deliveries. */
export const SHOP_PROBLEMS = {
  stripe_signature_invalid: problem(
    400,
    ["Signature invalid", "The Stripe-Signature header does not fit this body, or is too old."],
    ["Signature invalide", "L'en-tête Stripe-Signature ne correspond pas à ce corps, ou est trop ancien."],
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
  overtaken: problem(
    409,
    ["Overtaken", "Somebody else was quicker: the ticket is not as it was when you decided this."],
    ["Devancé", "Quelqu'un a été plus rapide : le ticket n'est plus tel qu'au moment de votre décision."],
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
    [
      "Machine à l'arrêt",
      "Un ticket ouvert dit que cette machine est à l'arrêt : elle reste hors service jusqu'à la fin du ticket.",
    ],
  ),
  serial_number_taken: problem(
    409,
    ["Serial number taken", "Another machine already has this serial number."],
    ["Numéro de série déjà pris", "Une autre machine porte déjà ce numéro de série."],
  ),
  subscription_expired: problem(
    409,
    [
      "Subscription expired",
      "The push service has ended this subscription. Unsubscribe it on the device, and subscribe anew.",
    ],
    ["Abonnement expiré", "Le service push a mis fin à cet abonnement. Désabonnez l'appareil, puis réabonnez-le."],
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
  assignee_not_found: problem(
    422,
    [
      "Unknown assignee",
      "assigned_to does not name a person who can be given a ticket: see GET /api/users/assignable.",
    ],
    [
      "Personne inconnue",
      "assigned_to ne désigne personne à qui un ticket peut être confié : voir GET /api/users/assignable.",
    ],
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
  too_many: problem(
    422,
    ["Too many", "There may be {maximum} of these at most, and there are that many already."],
    ["Nombre maximal atteint", "Il peut y en avoir {maximum} au plus, et ce nombre est déjà atteint."],
  ),
  too_many_lines: problem(
    422,
    ["Too many lines", "One file may hold at most {limit} tickets. Split it. Reading stopped at line {line}."],
    ["Trop de lignes", "Un fichier compte au plus {limit} tickets. Divisez-le. Lecture arrêtée à la ligne {line}."],
  ),
  too_many_columns: problem(
    422,
    ["Too many columns", "The header may name at most {limit} columns. Reading stopped at line {line}."],
    ["Trop de colonnes", "L'en-tête compte au plus {limit} colonnes. Lecture arrêtée à la ligne {line}."],
  ),
  line_too_long: problem(
    422,
    ["Line too long", "The header is longer than {limit} characters. Reading stopped at line {line}."],
    ["Ligne trop longue", "L'en-tête dépasse {limit} caractères. Lecture arrêtée à la ligne {line}."],
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
  subscription_keys_invalid: problem(
    422,
    [
      "Subscription keys invalid",
      "p256dh must be an uncompressed point of P-256 and auth 16 bytes, both in base64url.",
    ],
    [
      "Clés d'abonnement invalides",
      "p256dh doit être un point non compressé de P-256 et auth compter 16 octets, les deux en base64url.",
    ],
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
} as const satisfies Record<string, ProblemType>;
