//! The binary tarball, with its checksum beside it.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Release, output_in};
use crate::Result;
use crate::run::find_program;

/// Makes `keyward-<version>-<target>.tar.gz` and `….tar.gz.sha256`.
pub(super) fn pack(release: &Release) -> Result<PathBuf> {
    let name = format!("keyward-{}-{}", release.version, release.target);
    let stage = release.stage("tarball")?;
    let inner = stage.join(&name);
    fs::create_dir(&inner)?;
    fs::copy(&release.binary, inner.join("keyward"))?;
    release.copy_companions(&inner)?;
    let tarball = release.folder.join(format!("{name}.tar.gz"));
    output_in(&stage, "tar", &["-czf", text(&tarball)?, &name])?;
    fs::write(checksum_file(&tarball), checksum(&tarball)?)?;
    Ok(tarball)
}

/// The file that holds a tarball's checksum.
pub(super) fn checksum_file(tarball: &Path) -> PathBuf {
    tarball.with_added_extension("sha256")
}

/// The line that `sha256sum --check` reads: the digest and the bare file name.
pub(super) fn checksum(tarball: &Path) -> Result<String> {
    let folder = tarball.parent().ok_or("a tarball without a folder")?;
    let name = tarball.file_name().and_then(|name| name.to_str()).ok_or("a tarball without a name")?;
    if find_program("sha256sum").is_some() {
        output_in(folder, "sha256sum", &[name])
    } else {
        // macOS has the same under another name.
        output_in(folder, "shasum", &["-a", "256", name])
    }
}

/// A path as a command-line word.
pub(super) fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| format!("{} is not UTF-8", path.display()).into())
}
