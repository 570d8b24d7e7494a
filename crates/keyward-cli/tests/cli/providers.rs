//! Providers at other sites: a few lines of configuration, the environment, and what is said of mistakes.

use crate::{
    mistakes::said_after,
    support::{Place, Ran, SECRET},
};

const CLIENT_SECRET: &str = "marked-client-secret-7f3a91c2";

/// A sound deployment in production.
fn place() -> Place {
    Place::new().with("NEXTAUTH_URL", "https://app.example").with("NEXTAUTH_SECRET", SECRET)
}

/// What `keyward check` prints, each line with single spaces.
fn checked(place: &Place) -> Vec<String> {
    let ran = place.run(&["check"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    hides_secrets(&ran);
    ran.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn hides_secrets(ran: &Ran) {
    for hidden in [SECRET, CLIENT_SECRET] {
        assert!(!ran.out.contains(hidden) && !ran.err.contains(hidden), "{ran:?}");
    }
}

fn has(lines: &[String], wanted: &[&str]) {
    for line in wanted {
        assert!(lines.iter().any(|other| other == line), "{line:?} is not in {lines:#?}");
    }
}

#[test]
fn c5_github_and_google_take_an_id_and_a_secret() {
    let place = place().with("GITHUB_SECRET", CLIENT_SECRET).file(
        "keyward.toml",
        &format!(
            "[[providers]]\nid = \"github\"\ntype = \"oauth\"\nclient_id = \"Iv1.abc\"\nclient_secret = \"${{GITHUB_SECRET}}\"\n\
             [[providers]]\nid = \"google\"\ntype = \"oauth\"\nclient_id = \"g\"\nclient_secret = \"{CLIENT_SECRET}\"\n"
        ),
    );
    let lines = checked(&place);
    has(
        &lines,
        &[
            "github GitHub OAuth 2.0, of the catalogue keyward.toml:1",
            "callback https://app.example/api/auth/callback/github",
            "client id Iv1.abc keyward.toml:4",
            "client secret set, not shown keyward.toml:5",
            "issuer https://github.com/login/oauth from the catalogue",
            "checks state, PKCE (S256), issuer",
            "sign-out here default",
            "google Google OpenID Connect, of the catalogue keyward.toml:6",
            "callback https://app.example/api/auth/callback/google",
            "checks state, PKCE (S256), nonce, issuer, ID token",
            "__Host-keyward.attempt.… Max-Age=900; Path=/; HttpOnly; Secure; SameSite=Lax",
        ],
    );
    assert!(!lines.iter().any(|line| line.contains("own accounts")), "{lines:#?}");
}

#[test]
fn c5_the_environment_names_providers_that_the_file_does_not() {
    let place = place()
        .with("AUTH_GITHUB_ID", "from-around")
        .with("AUTH_GITHUB_SECRET", CLIENT_SECRET)
        .with("AUTH_MICROSOFT_ENTRA_ID_ID", "entra")
        .with("AUTH_MICROSOFT_ENTRA_ID_SECRET", CLIENT_SECRET)
        .with("AUTH_KEYCLOAK_ID", "kc")
        .with("AUTH_KEYCLOAK_SECRET", CLIENT_SECRET)
        .with("AUTH_KEYCLOAK_ISSUER", "https://id.example/realms/shop")
        .file("keyward.toml", "");
    let lines = checked(&place);
    has(
        &lines,
        &[
            "github GitHub OAuth 2.0, of the catalogue environment AUTH_GITHUB_ID",
            "client id from-around environment AUTH_GITHUB_ID",
            "client secret set, not shown environment AUTH_GITHUB_SECRET",
            "client id entra environment AUTH_MICROSOFT_ENTRA_ID_ID",
            "issuer https://id.example/realms/shop environment AUTH_KEYCLOAK_ISSUER",
            "callback https://app.example/api/auth/callback/keycloak",
        ],
    );
    assert!(
        !lines.iter().any(|line| line.contains("own accounts")),
        "nobody asked for passwords: {lines:#?}"
    );
}

#[test]
fn c5_the_environment_fills_what_the_file_leaves_out_and_the_file_wins() {
    let place = place()
        .with("AUTH_ACME_ID", "around")
        .with("AUTH_ACME_SECRET", CLIENT_SECRET)
        .with("AUTH_ACME_ISSUER", "https://id.acme.example")
        .with("AUTH_WORK_HUB_ID", "around")
        .with("AUTH_WORK_HUB_SECRET", CLIENT_SECRET)
        .file(
            "keyward.toml",
            "[[providers]]\nid = \"acme\"\ntype = \"oidc\"\nname = \"Acme\"\n[[providers]]\nid = \"work-hub\"\n\
             type = \"oauth\"\nuse = \"github\"\nclient_id = \"written\"\n",
        );
    let lines = checked(&place);
    has(
        &lines,
        &[
            "acme Acme OpenID Connect keyward.toml:1",
            "client id around environment AUTH_ACME_ID",
            "issuer https://id.acme.example environment AUTH_ACME_ISSUER",
            "work-hub GitHub OAuth 2.0, github of the catalogue keyward.toml:5",
            "client id written keyward.toml:9",
            "client secret set, not shown environment AUTH_WORK_HUB_SECRET",
            "- AUTH_WORK_HUB_ID is set, but keyward.toml:9 says another client_id, which is used",
        ],
    );
}

#[test]
fn c5_any_oauth_server_is_configured_by_its_endpoints() {
    let place = place().file(
        "keyward.toml",
        "[[providers]]\nid = \"intra\"\ntype = \"oauth\"\nname = \"Intranet\"\nclient_id = \"a\"\n\
         token_endpoint_auth_method = \"none\"\nauthorization_endpoint = \"https://intra.example/authorize\"\n\
         token_endpoint = \"https://intra.example/token\"\nuserinfo_endpoint = \"https://intra.example/me\"\n\
         scope = \"profile\"\nparams = { prompt = \"consent\" }\nkeep = { accessToken = \"account.access_token\" }\n\
         profile = { id = \"user.id\", name = [\"user.nick\", \"user.login\"] }\n",
    );
    has(
        &checked(&place),
        &[
            "intra Intranet OAuth 2.0 keyward.toml:1",
            "checks state, PKCE (S256)",
            "client id a keyward.toml:5",
        ],
    );
}

#[test]
fn linking_by_address_alone_is_warned_about_in_check_and_at_start() {
    let note =
        "allow_dangerous_email_account_linking: whoever can have somebody's e-mail address at `github`";
    let place = place().file(
        "keyward.toml",
        "[[providers]]\nid = \"github\"\ntype = \"oauth\"\nclient_id = \"a\"\nclient_secret = \"b\"\nsign_out = \"local\"\n\
         allow_dangerous_email_account_linking = true\n",
    );
    let lines = checked(&place);
    has(&lines, &["linking by address alone, DANGEROUS keyward.toml:7", "sign-out here keyward.toml:6"]);
    assert!(lines.iter().any(|line| line.contains(note)), "{lines:#?}");
    let (_, said) = place.serve(&[]).stop();
    assert_eq!(said.matches(note).count(), 1, "{said}");
}

#[test]
fn a_client_secret_is_never_shown_beside_a_mistake() {
    for text in [
        format!("client_secret = \"{CLIENT_SECRET}\"\nclient_id = 5"),
        format!("client_secrt = \"{CLIENT_SECRET}\""),
        format!("private_key = \"\"\"\n{CLIENT_SECRET}\n\"\"\"\nclient_id = 5"),
        format!("options = {{ api_key = \"{CLIENT_SECRET}\" }}\nclient_id = 5"),
        format!("issuer = \"{CLIENT_SECRET}\"\nclient_id = \"a\"\nclient_secret = \"{CLIENT_SECRET}\""),
    ] {
        let place = place()
            .file("keyward.toml", &format!("[[providers]]\nid = \"google\"\ntype = \"oauth\"\n{text}\n"));
        let ran = place.run(&["check"]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        if !text.starts_with("issuer") {
            hides_secrets(&ran);
        }
    }
}

#[test]
fn half_of_the_credentials_in_the_environment_is_a_mistake() {
    let ran = place().with("AUTH_GITHUB_ID", "a").run(&["check"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("AUTH_GITHUB_ID is set, but AUTH_GITHUB_SECRET is not"), "{ran:?}");
    assert!(ran.err.contains("help: set AUTH_GITHUB_SECRET too, or take AUTH_GITHUB_ID out"), "{ran:?}");
    let ran =
        place().with("AUTH_KEYCLOAK_ID", "a").with("AUTH_KEYCLOAK_SECRET", CLIENT_SECRET).run(&["check"]);
    assert!(ran.err.contains("AUTH_KEYCLOAK_ISSUER is not") && ran.err.contains("realms"), "{ran:?}");
    let around = place()
        .with("AUTH_KEYCLOAK_ID", "a")
        .with("AUTH_KEYCLOAK_SECRET", CLIENT_SECRET)
        .with("AUTH_KEYCLOAK_ISSUER", "realm")
        .run(&["check"]);
    assert!(around.err.contains("AUTH_KEYCLOAK_ID: issuer is no http or https address"), "{around:?}");
    let alone = place().with("AUTH_GITHUB_SECRET", CLIENT_SECRET).run(&["check"]);
    assert!(alone.out.contains("Keyward's own accounts"), "a secret alone names nobody: {alone:?}");
}

#[test]
fn commands_that_touch_the_data_alone_need_no_credentials() {
    let place = Place::new().with("AUTH_GITHUB_ID", "a").file(
        "keyward.toml",
        "[[providers]]\nid = \"google\"\ntype = \"oauth\"\nclient_id = \"${NOT_SET}\"\n",
    );
    let ran = place.run_with(&["user", "create", "ada@example.com"], "a few unrelated words\n");
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn every_mistake_with_a_provider_has_its_place_and_its_remedy() {
    let google =
        "[[providers]]\nid = \"google\"\ntype = \"oauth\"\nclient_id = \"a\"\nclient_secret = \"b\"\n";
    let github =
        "[[providers]]\nid = \"github\"\ntype = \"oauth\"\nclient_id = \"a\"\nclient_secret = \"b\"\n";
    let oidc = "[[providers]]\nid = \"acme\"\ntype = \"oidc\"\nclient_id = \"a\"\nclient_secret = \"b\"\n";
    let table: &[(&str, &str, &str, &str)] = &[
        ("[[providers]]\nid = \"github\"", "4:1", "`type` is missing here", "add `type = …`: oauth, oidc"),
        ("[[providers]]\nid = \"github\"\ntype = 5", "6:8", "this is none of the choices", "oauth, oidc"),
        ("[[providers]]\ntype = \"oauth\"", "4:1", "`id` is missing here", "add `id = …`"),
        ("providers = [5]", "4:14", "expected a table", "[[providers]]"),
        ("providers = 5", "4:13", "expected a list, found a number", ""),
        (
            "[[providers]]\nid = \"gitub\"\ntype = \"oauth\"",
            "5:6",
            "the catalogue has no provider `gitub`",
            "did you mean `github`?",
        ),
        (
            "[[providers]]\nid = \"microsoft\"\ntype = \"oauth\"",
            "5:6",
            "the catalogue has no provider `microsoft`",
            "the nearest are `microsoft-entra-id`",
        ),
        (
            "[[providers]]\nid = \"work\"\ntype = \"oauth\"\nuse = \"gogle\"",
            "7:7",
            "the catalogue has no provider `gogle`",
            "did you mean `google`?",
        ),
        (
            "[[providers]]\nid = \"github\"\ntype = \"oauth\"\nclient_secret = \"b\"",
            "4:1",
            "`client_id` is missing here",
            "or set AUTH_GITHUB_ID in the environment",
        ),
        (
            "[[providers]]\nid = \"github\"\ntype = \"oauth\"\nclient_id = \"b\"",
            "4:1",
            "`client_secret` is missing here",
            "or set AUTH_GITHUB_SECRET in the environment",
        ),
        (
            "[[providers]]\nid = \"wechat\"\ntype = \"oauth\"\nclient_id = \"b\"",
            "4:1",
            "`client_secret` is missing here",
            "AUTH_WECHAT_SECRET",
        ),
        (oidc, "4:1", "`issuer` is missing here", "or set AUTH_ACME_ISSUER in the environment"),
        (
            "[[providers]]\nid = \"keycloak\"\ntype = \"oauth\"\nclient_id = \"a\"\nclient_secret = \"b\"",
            "4:1",
            "`issuer` is missing here",
            "https://<host>/realms/<realm>",
        ),
        (
            "[[providers]]\nid = \"bungie\"\ntype = \"oauth\"\nclient_id = \"a\"\nclient_secret = \"b\"",
            "4:1",
            "the option `api_key` is missing",
            "below `options`",
        ),
        (
            &format!("{github}options = {{ base = \"b\" }}"),
            "9:20",
            "there is no option `base`",
            "the options of each",
        ),
        (&format!("{github}endpoint = \"b\""), "9:1", "unknown key `endpoint`", "known here: "),
        (
            &format!("{github}clientSecret = \"b\""),
            "9:1",
            "unknown key `clientSecret`",
            "did you mean `client_secret`?",
        ),
        (&format!("{github}client_auth = \"b\""), "9:1", "unknown key `client_auth`", ""),
        (&format!("{github}nonce = true"), "9:9", "nonce is for OpenID providers", "take it out"),
        (
            &format!("{github}jwks_uri = \"https://a.b\""),
            "9:12",
            "jwks_uri is for OpenID providers",
            "take it out",
        ),
        (
            &format!("{github}sign_out = \"both\""),
            "9:12",
            "no way to end the provider's session",
            "take it out",
        ),
        (
            &format!("{github}sign_out = \"everywhere\""),
            "9:12",
            "none of the choices",
            "local, upstream, both",
        ),
        (&format!("{github}scope = [\"user\"]"), "9:9", "expected a text in quotes, found a list", ""),
        (
            &format!("{github}profile = {{ nick = \"b\" }}"),
            "9:13",
            "unknown key `nick`",
            "known here: id, name",
        ),
        (
            &format!("{github}profile = {{ id = 5 }}"),
            "9:18",
            "this is no place in a profile",
            "\"user.login\"",
        ),
        (
            &format!("{github}profile = {{ id = {{ form = 5 }} }}"),
            "9:18",
            "this is no place in a profile",
            "",
        ),
        (
            &format!("{github}keep = {{ a = \"access_token\" }}"),
            "9:14",
            "neither in the account",
            "account.access_token",
        ),
        (&format!("{github}keep = {{ sub = \"profile.id\" }}"), "9:16", "the token itself", "another name"),
        (&format!("{google}issuer = \"google\""), "9:10", "issuer is no http or https address", ""),
        (
            &format!("{google}token_endpoint = \"ftp://a\""),
            "9:18",
            "token_endpoint is no http or https",
            "write an address",
        ),
        (
            &format!("{google}token_endpoint_auth_method = \"private_key_jwt\""),
            "4:1",
            "private_key is missing",
            "private JWK",
        ),
        (
            &format!("{google}token_endpoint_auth_method = \"private_key_jwt\"\nprivate_key = \"x\""),
            "10:15",
            "private_key is no private JWK",
            "PEM",
        ),
        (
            &format!("{google}token_endpoint_auth_method = \"basic\""),
            "9:30",
            "none of the choices",
            "client_secret_basic",
        ),
        (
            "[[providers]]\nid = \"intra\"\ntype = \"oauth\"\nclient_id = \"a\"\nclient_secret = \"b\"\n\
             authorization_endpoint = \"https://a.example\"",
            "4:1",
            "token_endpoint is missing",
            "userinfo_endpoint are needed",
        ),
        (&format!("{google}{google}"), "10:6", "already", "its own"),
        (
            &format!("{google}[accounts]\nenabled = true\nprovider_id = \"google\""),
            "5:6",
            "already",
            "its own",
        ),
        (
            "[[providers]]\nid = \"a b\"\ntype = \"oidc\"\nclient_id = \"a\"\nclient_secret = \"b\"\nissuer = \"https://a.b\"",
            "5:6",
            "can't stand in an address",
            "",
        ),
    ];
    for (mistake, place, problem, remedy) in table {
        let said = said_after(mistake);
        let place = format!(",-[keyward.toml:{place}]\n");
        assert!(said.contains(&place) && said.contains(problem), "{mistake}\n{said}");
        assert!(said.contains(remedy) && (remedy.is_empty() || said.contains("help: ")), "{mistake}\n{said}");
        assert!(!said.contains("mistakes;"), "one mistake is told once: {mistake}\n{said}");
    }
}

#[test]
fn an_unknown_provider_is_underlined_and_the_right_one_suggested() {
    assert_eq!(
        said_after("[[providers]]\nid = \"gitub\"\ntype = \"oauth\""),
        "error: the catalogue has no provider `gitub`
   ,-[keyward.toml:5:6]
 4 | [[providers]]
 5 | id = \"gitub\"
   :      ^^^^^^^
 6 | type = \"oauth\"
   `----
  help: did you mean `github`?
        any OpenID provider has type = \"oidc\" and an issuer; any other OAuth 2.0 server
        authorization_endpoint, token_endpoint and userinfo_endpoint

"
    );
}

#[test]
fn form_posts_from_another_site_take_https_or_this_machine() {
    let apple = "[[providers]]\nid = \"apple\"\ntype = \"oauth\"\nclient_id = \"a\"\nclient_secret = \"b\"\n";
    for (url, is_fine) in [
        ("https://app.example", true),
        ("http://localhost:4000", true),
        ("http://127.0.0.1:4000", true),
        ("http://dev.example:4000", false),
    ] {
        let place = Place::new()
            .with("NEXTAUTH_URL", url)
            .with("NEXTAUTH_SECRET", SECRET)
            .file("keyward.toml", apple);
        let ran = place.run(&["check", "--dev"]);
        assert_eq!(ran.code, Some(if is_fine { 0 } else { 2 }), "{url} {ran:?}");
        if is_fine {
            assert!(ran.out.contains("keyward.attempt.…") && ran.out.contains("SameSite=None"), "{ran:?}");
        } else {
            assert!(ran.err.contains("answers with a form from its own site"), "{ran:?}");
            assert!(ran.err.contains("keyward.toml:2:6") && ran.err.contains("over https"), "{ran:?}");
        }
    }
}
