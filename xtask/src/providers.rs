//! `cargo xtask providers`: the manual's list of providers, made from the catalogue.

use std::fs;

use serde_json::Value;

use crate::Result;
use crate::workspace::Workspace;

/// What the list is made from, and the list.
const CATALOGUE: &str = "crates/keyward-providers/src/catalogue.json";
pub(crate) const LIST: &str = "docs/provider-list.md";

/// Writes the list anew.
pub(crate) fn command(workspace: &Workspace) -> Result {
    fs::write(workspace.root.join(LIST), list(workspace)?)?;
    println!("wrote {LIST}");
    Ok(())
}

/// The list as the catalogue has it now.
pub(crate) fn list(workspace: &Workspace) -> Result<String> {
    let mut entries: Vec<Value> = serde_json::from_str(&fs::read_to_string(workspace.root.join(CATALOGUE))?)?;
    entries.sort_by_key(|entry| text(entry, "name").unwrap_or_default().to_lowercase());
    let sections: Vec<String> = entries.iter().map(section).collect();
    Ok(HEAD.replace("{count}", &entries.len().to_string()) + &sections.join("\n"))
}

const HEAD: &str = "\
# The list of providers

<!-- Made by `cargo xtask providers` from the catalogue; change that. -->

The {count} providers that Keyward knows by id: what each speaks, and what it needs beside the client id and the client
secret that it gives you. How to use them, and any other one: [Sign in with a provider](providers.md).

Where you register your application, enter your public URL followed by the callback path.

";

/// A provider's section.
fn section(entry: &Value) -> String {
    let id = text(entry, "id").unwrap_or_default();
    let name = text(entry, "name").unwrap_or_default();
    let is_openid = text(entry, "kind") == Some("oidc");
    let speaks = if is_openid { "OpenID Connect" } else { "OAuth 2.0" };
    let method = text(entry, "client_auth").unwrap_or_default();
    let variable = |end: &str| format!("`AUTH_{}_{end}`", id.to_uppercase().replace('-', "_"));

    let mut variables = vec![variable("ID")];
    // Some want it elsewhere than where clients prove themselves.
    if method != "none" || entry.to_string().contains("{client_secret}") {
        variables.push(variable("SECRET"));
    }
    let mut needs = Vec::new();
    if text(entry, "issuer") == Some("{issuer}") {
        variables.push(variable("ISSUER"));
        needs.push("`issuer`".to_owned());
    }
    let options = entry["options"].as_object().into_iter().flatten();
    let (needed, others): (Vec<_>, Vec<_>) = options.partition(|(_, default)| default.is_null());
    needs.extend(needed.iter().map(|(option, _)| format!("the option `{option}`")));
    if !is_openid && entry["userinfo"].is_null() {
        needs.push("`userinfo_endpoint`".to_owned());
    }

    let mut lines = vec![
        format!("`id = \"{id}\"`, {speaks}."),
        format!("- Callback: `/api/auth/callback/{id}`"),
        format!("- Environment: {}", variables.join(", ")),
    ];
    if !needs.is_empty() {
        lines.push(format!("- Needs {}", needs.join(" and ")));
    }
    if !others.is_empty() {
        let default = |(option, value): &(&String, &Value)| {
            format!("`{option}` (`{}`)", value.as_str().unwrap_or_default())
        };
        lines.push(format!("- Options: {}", others.iter().map(default).collect::<Vec<_>>().join(", ")));
    }
    if entry["params"]["response_mode"] == "form_post" {
        lines.push("- Answers with a form post, which takes https, or localhost".to_owned());
    }
    if let Some(note) = text(entry, "note") {
        lines.push(format!("- {}", note.replace('<', "\\<")));
    }
    lines.insert(1, String::new());
    format!("## {name}\n\n{}\n", lines.join("\n"))
}

fn text<'e>(entry: &'e Value, member: &str) -> Option<&'e str> {
    entry[member].as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_section_says_what_a_provider_needs() {
        let entry = json!({
            "id": "my-id", "name": "Mine", "kind": "oauth", "issuer": "{issuer}", "note": "At <host>.",
            "options": {"key": null, "base": "https://a.example"}, "params": {"response_mode": "form_post"},
        });
        let lines = [
            "## Mine",
            "",
            "`id = \"my-id\"`, OAuth 2.0.",
            "",
            "- Callback: `/api/auth/callback/my-id`",
            "- Environment: `AUTH_MY_ID_ID`, `AUTH_MY_ID_SECRET`, `AUTH_MY_ID_ISSUER`",
            "- Needs `issuer` and the option `key` and `userinfo_endpoint`",
            "- Options: `base` (`https://a.example`)",
            "- Answers with a form post, which takes https, or localhost",
            "- At \\<host>.",
            "",
        ];
        assert_eq!(section(&entry), lines.join("\n"));
    }
}
