export default function Home() {
  return <p>This application is there for its /api/auth.</p>;
}
