import { signIn } from "next-auth/react";
import { useEffect, useState } from "react";

export function Orders() {
  const [answer, setAnswer] = useState();
  useEffect(() => {
    load().then(setAnswer);
  }, []);

  if (!answer) return <main>One moment …</main>;
  return (
    <main>
      <h1>Orders of {answer.of}</h1>
      <ul>
        {answer.orders.map((order) => (
          <li key={order}>{order}</li>
        ))}
      </ul>
    </main>
  );
}

/** Asks the API. Whoever is refused there goes to the sign-in page, and comes back here. */
async function load() {
  const answer = await fetch("/api/orders");
  if (answer.status === 401) return signIn();
  if (!answer.ok) throw new Error(`the API answered ${answer.status}`);
  return answer.json();
}
