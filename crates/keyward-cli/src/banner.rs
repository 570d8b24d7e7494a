//! What a developer reads when Keyward has started.

use std::{net::SocketAddr, path::Path};

use crate::{
    config::{Deployment, Provider, accounts},
    terminal::Style,
};

/// What is running, where the data is, and the next step.
pub(crate) fn text(deployment: &Deployment, address: SocketAddr, is_new: bool, style: Style) -> String {
    let base = base_path(deployment);
    let open = format!("http://localhost:{}", address.port());
    let data = relative(&deployment.database.value);
    let data = if is_new { format!("{data} (new)") } else { data };
    let listed = deployment.file.providers.iter().map(Provider::id);
    let around = deployment.redirects_of_the_environment().map(|redirect| &*redirect.settings.id);
    let mut ways: Vec<_> = listed.chain(around).map(str::to_owned).collect();
    if accounts(deployment).is_some() {
        ways.insert(0, "e-mail and password".to_owned());
    }
    let rows = [
        ("Open", style.address(&open)),
        ("Signs in by", ways.join(", ")),
        ("Speaks", format!("{} at {base}", deployment.dialect.value.name())),
        ("Data", data),
    ];
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!("\n  {} {version}  {}\n\n", style.accent("Keyward"), style.faint("development"));
    for (name, value) in rows {
        text.push_str(&format!("  {}  {value}\n", style.faint(&format!("{name:<11}"))));
    }
    text.push_str(&format!(
        "\n  {}  open the address and sign in, then let your front end pass\n\
         \x20              {base} on to it: the page has the rule for Next.js,\n\
         \x20              Vite and nginx\n\
         \x20              {} writes a configuration; Ctrl-C ends this\n\n",
        style.strong(&format!("{:<11}", "Next")),
        style.strong("keyward init"),
    ));
    text
}

fn base_path(deployment: &Deployment) -> &str {
    let url = &deployment.public_url.value;
    let path =
        url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| rest[at..].trim_end_matches('/')));
    path.filter(|path| !path.is_empty()).unwrap_or(&deployment.base_path.value)
}

/// As a person in this folder writes it.
fn relative(path: &Path) -> String {
    let text = path.display().to_string();
    if path.is_absolute() || text.starts_with('.') { text } else { format!("./{text}") }
}
