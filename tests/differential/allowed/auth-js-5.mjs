// Where Keyward answers a client of auth-js-5 otherwise than the original, on purpose.
// Each entry allows one field of one exchange and says why.

export default [];
