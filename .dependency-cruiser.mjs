// Imports point one way: index -> app -> routes -> verbs -> db, problem.
const FEATURES = "(api-keys|attachments|auth|customers|emails|health|machines|push|stats|sync|tickets|users|webhooks)";

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "no-cycles",
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
      name: "db-is-below-features",
      severity: "error",
      from: { path: "^src/db/" },
      to: { path: `^src/(${FEATURES}|http|app)`, dependencyTypesNot: ["type-only"] },
    },
    {
      name: "shared-code-is-below-features",
      comment: "Types of the actor are the one thing that shared code may know of a feature.",
      severity: "error",
      from: { path: "^src/(http/|time/|log|problem|env)" },
      to: { path: `^src/${FEATURES}/`, dependencyTypesNot: ["type-only"] },
    },
    {
      name: "verbs-never-see-hono",
      severity: "error",
      from: { path: `^src/${FEATURES}/`, pathNot: "/(routes|[a-z-]+-routes|schemas|guard|page-answer)\\.ts$" },
      to: { path: "node_modules/(hono|@hono)/" },
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
