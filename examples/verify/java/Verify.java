import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpServer;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;

/** A service that answers with its caller: {@code java -cp gson.jar Verify.java ISSUER AUDIENCE PORT}. */
class Verify {
    static final Pattern BEARER = Pattern.compile("Bearer ([\\w.~+/-]+=*)");

    final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    final String issuer;
    final String audience;
    Map<String, Key> keys = Map.of();
    long fetched = System.nanoTime() - Duration.ofDays(1).toNanos();

    /** A public key with the name of its algorithm in tokens, and that of its signatures in Java. */
    record Key(PublicKey key, String alg, String signature) {}

    Verify(String issuer, String audience) {
        this.issuer = issuer;
        this.audience = audience;
    }

    public static void main(String[] arguments) throws Exception {
        var verify = new Verify(arguments[0], arguments[1]);
        var server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[2])), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", exchange -> {
            var status = 200;
            byte[] body = {};
            try {
                body = verify.caller(exchange.getRequestHeaders().get("Authorization")).getBytes(UTF_8);
            } catch (Exception refused) { // whatever is wrong, this is nobody
                status = 401;
                exchange.getResponseHeaders().set("WWW-Authenticate", "Bearer realm=\"api\", error=\"invalid_token\"");
            }
            try (exchange) {
                exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
                exchange.getResponseBody().write(body);
            }
        });
        server.start();
    }

    /** The subject of the request's access token. Throws where it is not good. */
    String caller(List<String> authorization) throws Exception {
        var match = BEARER.matcher(String.join(",", authorization));
        ensure(match.matches(), "send one Authorization header: Bearer, one space, the token");
        var parts = match.group(1).split("\\.", -1);
        var header = json(parts[0]);
        ensure(parts.length == 3 && header.get("typ").getAsString().equals("at+jwt"), "not an access token");

        var key = key(header.get("kid").getAsString());
        ensure(key.alg.equals(header.get("alg").getAsString()), "not the key's algorithm");
        var signature = Signature.getInstance(key.signature);
        signature.initVerify(key.key);
        signature.update((parts[0] + "." + parts[1]).getBytes(US_ASCII));
        ensure(signature.verify(bytes(parts[2])), "wrong signature");

        var claims = json(parts[1]);
        var now = System.currentTimeMillis() / 1000;
        ensure(claims.get("iss").getAsString().equals(issuer), "another issuer");
        ensure(names(claims.get("aud"), audience), "another audience");
        ensure(now < claims.get("exp").getAsLong(), "expired");
        ensure(!claims.has("nbf") || now >= claims.get("nbf").getAsLong(), "not valid yet");
        return claims.get("sub").getAsString();
    }

    /**
     * Keys are kept for ten minutes; for an unknown one they are fetched at most once in 30 seconds. While the issuer is
     * down, those that there are serve on.
     */
    synchronized Key key(String kid) throws Exception {
        var age = (System.nanoTime() - fetched) / 1_000_000_000;
        if (age >= (keys.containsKey(kid) ? 600 : 30)) {
            try {
                keys = fetch();
            } catch (Exception down) {
                if (keys.isEmpty()) throw down;
            }
            fetched = System.nanoTime();
        }
        ensure(keys.containsKey(kid), "unknown key");
        return keys.get(kid);
    }

    Map<String, Key> fetch() throws Exception {
        var request = HttpRequest.newBuilder(URI.create(issuer + "/-/v1/jwks")).timeout(Duration.ofSeconds(5));
        var document = JsonParser.parseString(http.send(request.build(), BodyHandlers.ofString()).body());
        var found = new HashMap<String, Key>();
        for (var jwk : document.getAsJsonObject().getAsJsonArray("keys")) {
            var key = read(jwk.getAsJsonObject());
            if (key != null) found.put(jwk.getAsJsonObject().get("kid").getAsString(), key);
        }
        return found;
    }

    /** {@code null} for a key of a kind that is not used here. */
    static Key read(JsonObject jwk) throws GeneralSecurityException {
        var alg = jwk.has("alg") ? jwk.get("alg").getAsString() : "";
        return switch (alg) {
            case "ES256" -> {
                var parameters = AlgorithmParameters.getInstance("EC");
                parameters.init(new ECGenParameterSpec("secp256r1"));
                var point = new ECPoint(number(jwk, "x"), number(jwk, "y"));
                var spec = new ECPublicKeySpec(point, parameters.getParameterSpec(ECParameterSpec.class));
                var key = KeyFactory.getInstance("EC").generatePublic(spec);
                yield new Key(key, alg, "SHA256withECDSAinP1363Format");
            }
            case "RS256" -> {
                var spec = new RSAPublicKeySpec(number(jwk, "n"), number(jwk, "e"));
                yield new Key(KeyFactory.getInstance("RSA").generatePublic(spec), alg, "SHA256withRSA");
            }
            case "EdDSA" -> {
                // The key's 32 bytes after what RFC 8410 puts before them.
                var spec = HexFormat.of().formatHex(bytes(jwk.get("x").getAsString()));
                var encoded = HexFormat.of().parseHex("302a300506032b6570032100" + spec);
                var key = KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
                yield new Key(key, alg, "Ed25519");
            }
            default -> null;
        };
    }

    static boolean names(JsonElement audiences, String audience) {
        if (!audiences.isJsonArray()) return audiences.getAsString().equals(audience);
        for (var named : audiences.getAsJsonArray()) if (named.getAsString().equals(audience)) return true;
        return false;
    }

    static BigInteger number(JsonObject jwk, String name) {
        return new BigInteger(1, bytes(jwk.get(name).getAsString()));
    }

    static JsonObject json(String part) {
        return JsonParser.parseString(new String(bytes(part), UTF_8)).getAsJsonObject();
    }

    static byte[] bytes(String part) {
        return Base64.getUrlDecoder().decode(part);
    }

    static void ensure(boolean holds, String otherwise) throws GeneralSecurityException {
        if (!holds) throw new GeneralSecurityException(otherwise);
    }
}
