import { writeGeneratedFiles } from "./lib/generated.ts";

writeGeneratedFiles();
