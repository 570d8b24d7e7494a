/** Who comes here has passed `proxy.js`. */
export default function Reports() {
  return (
    <main>
      <h1>Reports</h1>
    </main>
  );
}
