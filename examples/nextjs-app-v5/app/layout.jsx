import { Person } from "../components/person";
import { Providers } from "../components/providers";

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <Providers>
          <Person />
          {children}
        </Providers>
      </body>
    </html>
  );
}
