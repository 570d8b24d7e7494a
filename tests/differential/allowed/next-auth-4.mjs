// Where Keyward answers a client of next-auth-4 otherwise than the original, on purpose.
// Each entry allows one field of one exchange and says why.

export default [];
