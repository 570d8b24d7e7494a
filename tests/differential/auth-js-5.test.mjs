import allowed from "./allowed/auth-js-5.mjs";
import { keywardAgainstReference } from "./suite.mjs";

keywardAgainstReference({ dialect: "auth-js-5", allowed });
