import { randomBytes } from "node:crypto";
import { searchText } from "../../src/search/words.ts";
import { insertUserSql, type NewUser } from "./users.ts";

export const DEMO_PASSWORD = "shopfloor-demo";

export const DEMO_USERS: NewUser[] = [
  { email: "admin@shopfloor.example", name: "Anna Admin", role: "admin", language: "en" as const },
  { email: "supervisor@shopfloor.example", name: "Samuel Superviseur", role: "supervisor", language: "fr" as const },
  { email: "technician@shopfloor.example", name: "Tara Technician", role: "technician", language: "en" as const },
  { email: "operator@shopfloor.example", name: "Olivier Opérateur", role: "operator", language: "fr" as const },
].map((user) => ({ ...user, password: DEMO_PASSWORD }) as NewUser);

const MACHINE_TYPES = [
  ["CNC", "CNC machining centre"],
  ["LAT", "Lathe"],
  ["GRD", "Grinder"],
  ["PRS", "Press brake"],
];

const MACHINES = [
  ["CNC", "Haas VF-2", "VF-2", "HAAS-1142087", "Hall A, bay 3"],
  ["CNC", "Mazak QTN-200", "QTN-200", "MZK-88213", "Hall A, bay 5"],
  ["CNC", "DMG Mori NHX 4000", "NHX 4000", "DMG-40-5521", "Hall B, bay 1"],
  ["LAT", "Okuma LB3000", "LB3000 EX II", "OKU-30551", "Hall A, bay 8"],
  ["GRD", "Studer S33", "S33", "STU-7719", "Hall C"],
  ["PRS", "Trumpf TruBend 5130", "TruBend 5130", "TRF-5130-204", "Hall C, south"],
];

const CUSTOMERS = [
  ["Jeanne Tremblay", "Atelier Tremblay", "jeanne@atelier.example", "+15145550123", "fr"],
  ["John Carter", "Carter Tooling", "john@carter.example", "+14165550188", "en"],
];

/** A customer with the preferences and contact methods that one has who was added through the API. */
function customerSql([name = "", company = "", email, phone, language]: string[], now: string): string[] {
  const newest = "(SELECT MAX(id) FROM customers)";
  return [
    `INSERT INTO customers (name, name_words, company, company_words, email, phone, whatsapp, language, created_at, updated_at)
     VALUES ('${name}', '${searchText(name)}', '${company}', '${searchText(company)}', '${email}', '${phone}', '${phone}',
             '${language}', '${now}', '${now}')`,
    `INSERT INTO contact_preferences (customer_id, updated_at) VALUES (${newest}, '${now}')`,
    ...Object.entries({ phone, whatsapp: phone, email }).map(
      ([kind, value]) =>
        `INSERT INTO contact_methods (customer_id, kind, value, is_primary, created_at, updated_at)
         VALUES (${newest}, '${kind}', '${value}', 1, '${now}', '${now}')`,
    ),
  ];
}

/** Demo people, machine types, machines and customers, as SQL statements for an empty local database. */
export async function demoDataSql(now = new Date().toISOString()): Promise<string[]> {
  const people = await Promise.all(DEMO_USERS.map((user) => insertUserSql(user, now)));
  return [
    ...people.flat(),
    ...MACHINE_TYPES.map(
      ([code, name]) =>
        `INSERT INTO machine_types (code, name, created_at, updated_at) VALUES ('${code}', '${name}', '${now}', '${now}')`,
    ),
    ...MACHINES.map(
      ([code, name, model, serial, location]) =>
        `INSERT INTO machines (machine_type_id, name, model, serial_number, location, search_text, qr_token, created_at, updated_at)
         SELECT id, '${name}', '${model}', '${serial}', '${location}', '${searchText(name, model, serial)}', '${randomBytes(16).toString("base64url")}', '${now}', '${now}'
         FROM machine_types WHERE code = '${code}'`,
    ),
    ...CUSTOMERS.flatMap((customer) => customerSql(customer, now)),
  ];
}
