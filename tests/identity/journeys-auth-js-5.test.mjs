import { compareJourneys } from "./compare.mjs";

compareJourneys("auth-js-5", "stored");
