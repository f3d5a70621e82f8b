// Rooms (a folder or a file of src/) in the order in which they may know of each other: each imports, types included,
// only from those above it. A new room is a new line at its place.
const ROOMS = [
  "time",
  "vocabulary",
  "search",
  "outgoing",
  "log",
  "world",
  "env",
  "problem-codes",
  "problem",
  "actor",
  "db",
  "context",
  "http",
  "openapi",
  "problems",
  "auth",
  "route",
  "sessions",
  "health",
  "users",
  "api-keys",
  "deliveries",
  "machines",
  "tickets",
  "changes",
  "attachments",
  "stats",
  "emails",
  "sync",
  "customers",
  "webhooks",
  "push",
  "channels",
  "retention",
  "purges",
  "cron",
  "pages",
  "app",
  "index",
];
const room = (names) => `^src/(${names.join("|")})(/|\\.ts$)`;
const FEATURES = `(${ROOMS.slice(ROOMS.indexOf("auth")).join("|")})`;

const oneWay = ROOMS.slice(0, -1).map((name, index) => ({
  name: `${name}-knows-only-rooms-above-it`,
  severity: "error",
  from: { path: room([name]) },
  to: { path: room(ROOMS.slice(index + 1)) },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...oneWay,
    {
      name: "every-room-has-its-place",
      severity: "error",
      from: { path: "^src/", pathNot: [room(ROOMS), "^src/web/"] },
      to: {},
    },
    {
      name: "the-app-knows-the-vocabulary",
      comment: "And, by their types alone, the schemas: nothing that validates goes to a phone.",
      severity: "error",
      from: { path: "^src/web/" },
      to: { path: "^src/", pathNot: ["^src/(web|vocabulary)/", "^src/.*/schemas\\.ts$"] },
    },
    {
      name: "what-the-app-computes-knows-nothing-of-what-it-draws",
      severity: "error",
      from: { path: "^src/web/(words|device|api|store|sync)/" },
      to: { path: "^src/web/(ui|phone|desk|app|sw|main|modules)[/.]" },
    },
    {
      name: "schemas-are-types-to-the-app",
      severity: "error",
      from: { path: "^src/web/" },
      to: { path: "^src/.*/schemas\\.ts$", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "the-worker-knows-the-pages-of-the-app",
      comment: "Which addresses are pages, and nothing else of it.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/web/" },
      to: { path: "^src/web/", pathNot: "^src/web/pages\\.ts$" },
    },
    {
      name: "no-cycles",
      severity: "error",
      from: { path: "^src/" },
      to: { circular: true },
    },
    {
      name: "no-cycles-at-run-time",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no-orphans",
      severity: "error",
      // The compiler finds declarations of a package by themselves, and wrangler.toml names what it puts in a place; nobody
      // imports a service worker.
      from: { orphan: true, path: "^src/", pathNot: "\\.d\\.ts$|^src/(auth/left-out\\.ts$|web/sw/)" },
      to: {},
    },
    {
      name: "routes-are-mounted-by-app-only",
      comment: "No feature imports another feature's routes.",
      severity: "error",
      from: { pathNot: "^src/app\\.ts$" },
      to: { path: "^src/.*routes\\.ts$" },
    },
    {
      name: "only-index-imports-app",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/index\\.ts$" },
      to: { path: "^src/(app|index)\\.ts$" },
    },
    {
      name: "verbs-never-see-hono",
      comment: "Templates of pages and e-mails may: they escape what they are given, and know of no request.",
      severity: "error",
      from: { path: `^src/${FEATURES}/`, pathNot: "/(routes|[a-z-]+-routes|schemas|guard|page-answer)\\.ts$" },
      to: { path: "node_modules/(hono|@hono)/", pathNot: "/helper/html/" },
    },
    {
      name: "the-worker-stands-alone",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(scripts|bench|test)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "node"] },
  },
};
