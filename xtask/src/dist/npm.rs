//! The npm package: the template under `packaging/npm/`, filled in, with the binary in it.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::tarball::text;
use super::{Release, output_in};
use crate::Result;

/// Makes `keyward-<version>.tgz` with `npm pack`.
pub(super) fn pack(release: &Release) -> Result<PathBuf> {
    let template = release.root.join("packaging/npm");
    let stage = release.stage("npm")?;
    fs::create_dir(stage.join("bin"))?;
    fs::copy(template.join("bin/keyward.js"), stage.join("bin/keyward.js"))?;
    fs::copy(&release.binary, stage.join("bin/keyward"))?;
    release.copy_companions(&stage)?;
    // People who come by npm read how it is used from there.
    fs::copy(template.join("README.md"), stage.join("README.md"))?;
    let manifest = fs::read_to_string(template.join("package.json"))?;
    fs::write(stage.join("package.json"), fill_in(&manifest, release)?)?;
    let packed =
        output_in(&stage, "npm", &["pack", "--silent", "--pack-destination", text(&release.folder)?])?;
    Ok(release.folder.join(packed.trim()))
}

/// The template's manifest with the version and the platform that the carried binary runs on.
fn fill_in(manifest: &str, release: &Release) -> Result<String> {
    let platform = platform(&release.target)
        .ok_or_else(|| format!("npm has no name for {}: add it to xtask/src/dist/npm.rs", release.target))?;
    let mut manifest: Value = serde_json::from_str(manifest)?;
    manifest["version"] = release.version.as_str().into();
    manifest["os"] = vec![platform.os].into();
    manifest["cpu"] = vec![platform.cpu].into();
    if let Some(libc) = platform.libc {
        manifest["libc"] = vec![libc].into();
    }
    Ok(serde_json::to_string_pretty(&manifest)? + "\n")
}

/// A platform in npm's words.
#[derive(Debug, PartialEq, Eq)]
struct Platform {
    os: &'static str,
    cpu: &'static str,
    libc: Option<&'static str>,
}

fn platform(target: &str) -> Option<Platform> {
    let cpu = match target.split('-').next()? {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        _ => return None,
    };
    let (os, libc) = match target {
        _ if target.ends_with("linux-gnu") => ("linux", Some("glibc")),
        _ if target.ends_with("linux-musl") => ("linux", None),
        _ if target.ends_with("apple-darwin") => ("darwin", None),
        _ => return None,
    };
    Some(Platform { os, cpu, libc })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_have_their_names_in_npm() {
        let linux = Platform { os: "linux", cpu: "x64", libc: Some("glibc") };
        assert_eq!(platform("x86_64-unknown-linux-gnu"), Some(linux));
        let mac = Platform { os: "darwin", cpu: "arm64", libc: None };
        assert_eq!(platform("aarch64-apple-darwin"), Some(mac));
        assert_eq!(platform("x86_64-pc-windows-msvc"), None);
    }
}
