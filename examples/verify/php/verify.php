<?php
// A service that answers with its caller: ISSUER=… AUDIENCE=… php -S 127.0.0.1:8080 verify.php

use phpseclib3\Crypt\{EC, RSA};
use phpseclib3\Math\BigInteger;

require 'phpseclib3/autoload.php';

/** The subject of a good access token. Throws for any other. */
function caller(string $token): string
{
    [$header, $payload, $signature] = $parts = explode('.', $token);
    ['alg' => $alg, 'kid' => $kid, 'typ' => $typ] = json($header);
    ensure(count($parts) === 3 && $typ === 'at+jwt', 'not an access token');

    $jwk = keys()[$kid] ?? keys(again: true)[$kid] ?? throw new Exception('unknown key');
    ensure($jwk['alg'] === $alg, "not the key's algorithm");
    [$text, $signed, $signature] = [json_encode($jwk), "$header.$payload", bytes($signature)];
    $good = match ($alg) {
        'ES256' => EC::loadFormat('JWK', $text)->withHash('sha256')->withSignatureFormat('Raw')->verify($signed, halves($signature)),
        'EdDSA' => EC::loadFormat('JWK', $text)->verify($signed, $signature),
        'RS256' => RSA::loadFormat('JWK', $text)->withHash('sha256')->withPadding(RSA::SIGNATURE_PKCS1)->verify($signed, $signature),
    };
    ensure($good, 'wrong signature');

    $claims = json($payload);
    ensure($claims['iss'] === getenv('ISSUER'), 'another issuer');
    ensure(in_array(getenv('AUDIENCE'), (array) $claims['aud'], true), 'another audience');
    ensure(is_int($claims['exp']) && time() < $claims['exp'], 'expired');
    ensure(time() >= ($claims['nbf'] ?? 0), 'not valid yet');
    return $claims['sub'];
}

/**
 * The issuer's keys by their ids: fetched when they are ten minutes old, or `again`, at most once in 30 seconds. One
 * process does it; meanwhile, and while the issuer is down, those that there are serve on.
 */
function keys(bool $again = false): array
{
    $keys = apcu_fetch('keys') ?: [];
    if (($again || !apcu_exists('fresh')) && apcu_add('tried', true, 30)) {
        try {
            $document = json_decode(file_get_contents(getenv('ISSUER') . '/-/v1/jwks'), true);
            $keys = array_column($document['keys'], null, 'kid');
            apcu_store('keys', $keys);
            apcu_store('fresh', true, 600);
        } catch (Throwable $why) {
            error_log("no keys: {$why->getMessage()}");
        }
    }
    return $keys;
}

function json(string $part): array
{
    return json_decode(bytes($part), true, flags: JSON_THROW_ON_ERROR);
}

function bytes(string $part): string
{
    return base64_decode(strtr($part, '-_', '+/'), true);
}

/** The two numbers of an ECDSA signature over P-256. */
function halves(string $signature): array
{
    ensure(strlen($signature) === 64, 'wrong signature');
    [$r, $s] = str_split($signature, 32);
    return ['r' => new BigInteger($r, 256), 's' => new BigInteger($s, 256)];
}

function ensure(bool $holds, string $otherwise): void
{
    $holds || throw new Exception($otherwise);
}

try {
    // What PHP only warns of, a claim that is missing say, ends here as well.
    set_error_handler(fn ($level, $message) => throw new Exception($message));
    preg_match('~^Bearer ([\w.\~+/-]+=*)$~D', $_SERVER['HTTP_AUTHORIZATION'] ?? '', $match);
    echo caller($match[1]);
} catch (Throwable) {
    http_response_code(401);
    header('WWW-Authenticate: Bearer realm="api", error="invalid_token"');
}
