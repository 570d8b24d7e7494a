// A service that answers with its caller: verify ISSUER AUDIENCE PORT
package main

import (
	"context"
	"net/http"
	"os"
	"regexp"
	"strings"

	"github.com/coreos/go-oidc"
	"gopkg.in/square/go-jose.v2"
)

var bearer = regexp.MustCompile(`^Bearer [\w.~+/-]+=*$`)

func main() {
	keys := oidc.NewRemoteKeySet(context.Background(), os.Args[1]+"/-/v1/jwks") // kept as long as its answer says
	rules := &oidc.Config{ClientID: os.Args[2], SupportedSigningAlgs: []string{"ES256", "RS256", "EdDSA"}}
	verifier := oidc.NewVerifier(os.Args[1], keys, rules)
	panic(http.ListenAndServe("127.0.0.1:"+os.Args[3], http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		value := strings.Join(r.Header["Authorization"], ",")
		token := strings.TrimPrefix(value, "Bearer ")
		parsed, _ := jose.ParseSigned(token)
		caller, err := verifier.Verify(r.Context(), token)
		if err != nil || !bearer.MatchString(value) || parsed.Signatures[0].Header.ExtraHeaders["typ"] != "at+jwt" {
			w.Header().Set("WWW-Authenticate", `Bearer realm="api", error="invalid_token"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Write([]byte(caller.Subject))
	})))
}
