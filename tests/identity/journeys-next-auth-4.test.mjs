import { compareJourneys } from "./compare.mjs";

compareJourneys("next-auth-4", "sealed");
