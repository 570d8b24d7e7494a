//! Crates that must not get into the program: one TLS stack, one cryptography, one notion of time.
//!
//! `deny.toml` says the same to cargo-deny; this check needs nothing installed.

use super::Fault;
use crate::Result;
use crate::run::{output, tool};
use crate::workspace::Workspace;

/// The platform that the release is built for: other platforms' graphs hold crates that never reach it.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

const ONE_CRYPTOGRAPHY: &str =
    "find who brings it with `cargo tree -i NAME` and choose that crate's feature for rustls with aws-lc-rs";
const ONE_TIME: &str =
    "find who brings it with `cargo tree -i chrono` and switch that feature off: times are seconds, or jiff";
const NO_RSA: &str =
    "find who brings it with `cargo tree -i rsa` (RUSTSEC-2023-0071, timing) and use aws-lc-rs instead";

/// A banned crate, who may bring it all the same, and what to do.
struct Ban {
    name: &'static str,
    tolerated_in: &'static [&'static str],
    remedy: &'static str,
}

const BANS: [Ban; 6] = [
    Ban { name: "ring", tolerated_in: &[], remedy: ONE_CRYPTOGRAPHY },
    Ban { name: "openssl-sys", tolerated_in: &[], remedy: ONE_CRYPTOGRAPHY },
    Ban { name: "openssl", tolerated_in: &[], remedy: ONE_CRYPTOGRAPHY },
    Ban { name: "native-tls", tolerated_in: &[], remedy: ONE_CRYPTOGRAPHY },
    // It asks for the current year, to know recent dates in passwords.
    Ban { name: "chrono", tolerated_in: &["zxcvbn"], remedy: ONE_TIME },
    Ban { name: "rsa", tolerated_in: &[], remedy: NO_RSA },
];

pub(super) fn faults(workspace: &Workspace) -> Result<Vec<Fault>> {
    let mut tree = tool("cargo");
    tree.args([
        "tree",
        "--workspace",
        "--edges=normal",
        "--prefix=depth",
        "--format={p}",
        "--target",
        PLATFORM,
    ]);
    Ok(banned(&output(tree.current_dir(&workspace.root))?))
}

/// A fault for each arrow to a banned crate in a list of `DEPTHname vVERSION` lines.
fn banned(tree: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut way: Vec<&str> = Vec::new();
    for line in tree.lines() {
        let package = line.trim_start_matches(|character: char| character.is_ascii_digit());
        let Ok(depth) = line[..line.len() - package.len()].parse::<usize>() else { continue };
        let name = package.split(' ').next().unwrap_or_default();
        way.truncate(depth);
        let parent = way.last().copied().unwrap_or_default();
        way.push(name);
        if let Some(ban) = BANS.iter().find(|ban| ban.name == name && !ban.tolerated_in.contains(&parent)) {
            let what =
                format!("`{}` gets into the program through {parent}", package.trim_end_matches(" (*)"));
            faults.push(Fault { file: "Cargo.lock".to_owned(), line: 0, what, remedy: ban.remedy });
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banned_crate_is_found_by_its_whole_name_with_who_brings_it() {
        let found = banned("0keyward v0.1.0 (path)\n1tls v1.0.0\n2ring v0.17.14\n1serde v1.0.0\n");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].what, "`ring v0.17.14` gets into the program through tls");
        assert_eq!(banned("0ring-buffer v1.0.0\n1string v1.0.0\n2chrono-tz v1.0.0\n"), []);
    }

    #[test]
    fn a_banned_crate_is_tolerated_under_a_named_one_alone() {
        assert_eq!(banned("0keyward v0.1.0\n1zxcvbn v3.1.1\n2chrono v0.4.45\n"), []);
        assert_eq!(banned("0keyward v0.1.0\n1zxcvbn v3.1.1\n1chrono v0.4.45\n").len(), 1);
        assert_eq!(banned("0keyward v0.1.0\n1zxcvbn v3.1.1\n2other v1.0.0\n3chrono v0.4.45 (*)\n").len(), 1);
    }
}
