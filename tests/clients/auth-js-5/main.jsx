import { startApp } from "../shared/session-provider.jsx";
import * as nextAuth from "next-auth/react";

startApp(nextAuth);
