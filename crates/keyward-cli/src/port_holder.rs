//! Which program has a port; where that can't be told, nobody.

/// The program that listens on this port, as `node (pid 4711)`.
#[cfg(target_os = "linux")]
pub(crate) fn of(port: u16) -> Option<String> {
    use std::fs;

    let sockets =
        ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| fs::read_to_string(table).unwrap_or_default());
    let socket = sockets.iter().flat_map(|table| table.lines()).find_map(|line| listening(line, port))?;
    let wanted = format!("socket:[{socket}]");
    for process in fs::read_dir("/proc").ok()?.flatten() {
        let name = process.file_name();
        let Some(id) = name.to_str().filter(|name| name.bytes().all(|b| b.is_ascii_digit())) else {
            continue;
        };
        // Processes of other people keep theirs to themselves.
        let Ok(files) = fs::read_dir(process.path().join("fd")) else { continue };
        let holds =
            |link: std::path::PathBuf| fs::read_link(link).is_ok_and(|to| to.as_os_str() == wanted.as_str());
        if files.flatten().any(|file| holds(file.path())) {
            let program = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            return Some(format!("{} (pid {id})", program.trim()));
        }
    }
    None
}

/// Not known on this system.
#[cfg(not(target_os = "linux"))]
pub(crate) fn of(_port: u16) -> Option<String> {
    None
}

/// The socket of a line of `/proc/net/tcp`, if it listens on the port.
#[cfg(target_os = "linux")]
fn listening(line: &str, port: u16) -> Option<&str> {
    const LISTEN: &str = "0A";
    let columns: Vec<&str> = line.split_whitespace().collect();
    let (_, hex) = columns.get(1)?.rsplit_once(':')?;
    let fits = u16::from_str_radix(hex, 16).ok()? == port && *columns.get(3)? == LISTEN;
    fits.then(|| columns.get(9).copied())?
}
