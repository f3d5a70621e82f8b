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
      from: { path: "^src/", pathNot: room(ROOMS) },
      to: {},
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
      from: { orphan: true, path: "^src/" },
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
