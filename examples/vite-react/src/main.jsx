import { SessionProvider } from "next-auth/react";
import { createRoot } from "react-dom/client";

import { Home } from "./home";
import { Orders } from "./orders";
import { Person } from "./person";
import { Profile } from "./profile";

const pages = { "/orders": Orders, "/profile": Profile };
const Page = pages[location.pathname] ?? Home;

createRoot(document.getElementById("root")).render(
  <SessionProvider>
    <Person />
    <Page />
  </SessionProvider>,
);
