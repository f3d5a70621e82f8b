import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

// The renderer's own button for the dark colours belongs to a bar that is not shown.
const INIT = `const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null,
});
`;

/** Leaves a file alone that holds this already: a running `wrangler dev` starts its Worker anew when one is written. */
function keep(file: string, content: Buffer): void {
  if (!existsSync(file) || !readFileSync(file).equals(content)) writeFileSync(file, content);
}

/** Lays out dist/assets, what the Worker serves as files: the renderer of /api/docs. */
export function buildAssets(): void {
  const target = "dist/assets/docs-assets";
  mkdirSync(target, { recursive: true });
  for (const file of ["swagger-ui.css", "swagger-ui-bundle.js"]) {
    keep(`${target}/${file}`, readFileSync(`node_modules/swagger-ui-dist/${file}`));
  }
  keep(`${target}/init.js`, Buffer.from(INIT));
}
