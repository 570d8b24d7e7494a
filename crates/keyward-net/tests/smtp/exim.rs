//! A mail server to test against: Exim on free ports, with a folder of its own, for one test.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use keyward_net::{SmtpServer, SmtpTls};
use rcgen::CertifiedKey;
use tempfile::TempDir;

const PROGRAM: &str = "/usr/sbin/exim4";
/// For whatever the server does by itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// How the server of a test differs from others.
pub(crate) struct Options {
    /// The name in its certificate.
    pub(crate) name: &'static str,
    /// Whether it offers STARTTLS.
    pub(crate) starttls: bool,
    /// Whether it takes mail from those alone who have proved who they are.
    pub(crate) authenticated: bool,
    /// Its one way to do so.
    pub(crate) mechanism: &'static str,
    /// How long it waits for a command, as Exim writes it.
    pub(crate) waits: &'static str,
}

impl Default for Options {
    fn default() -> Self {
        Self { name: "localhost", starttls: true, authenticated: false, mechanism: "PLAIN", waits: "5m" }
    }
}

/// A running server. Ends with the test.
pub(crate) struct Exim {
    folder: TempDir,
    daemon: Child,
    /// Where a conversation begins in the clear.
    pub(crate) port: u16,
    /// Where it begins encrypted.
    pub(crate) tls_port: u16,
    certificate: String,
}

impl Exim {
    pub(crate) fn start() -> Self {
        Self::with(&Options::default())
    }

    pub(crate) fn with(options: &Options) -> Self {
        assert!(
            Path::new(PROGRAM).exists(),
            "{PROGRAM} is missing, and mail is tested against it: apt-get install exim4-daemon-light"
        );
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path();
        for path in [at.to_owned(), at.join("spool"), at.join("log"), at.join("inbox")] {
            fs::create_dir_all(&path).expect("a folder");
            // Exim gives up root for a user of its own.
            fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).expect("set");
        }
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed([options.name.to_owned()]).expect("a certificate");
        fs::write(at.join("certificate.pem"), cert.pem()).expect("written");
        fs::write(at.join("key.pem"), signing_key.serialize_pem()).expect("written");
        let [port, tls_port] = free_ports();
        fs::write(at.join("exim.conf"), configuration(at, port, tls_port, options)).expect("written");
        let daemon = Command::new(PROGRAM)
            .arg("-C")
            .arg(at.join("exim.conf"))
            .arg("-bdf")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(at.join("log/stderr")).expect("a file"))
            .spawn()
            .expect("Exim starts");
        let mut exim = Self { folder, daemon, port, tls_port, certificate: cert.pem() };
        exim.until("it listens", |exim| {
            let ended = exim.daemon.try_wait().expect("a child");
            assert!(ended.is_none(), "Exim ended with {ended:?}: {}", exim.log());
            TcpStream::connect(("127.0.0.1", tls_port)).ok()
        });
        exim
    }

    /// The server as a deployment names it that trusts its certificate.
    pub(crate) fn server(&self, tls: SmtpTls) -> SmtpServer {
        let port = if tls == SmtpTls::Implicit { self.tls_port } else { self.port };
        SmtpServer {
            port: Some(port),
            tls: Some(tls),
            certificates: Some(self.certificate.clone()),
            timeout: PATIENCE,
            ..SmtpServer::at("localhost")
        }
    }

    /// Waits until `count` mails have arrived; gives them as they were delivered.
    pub(crate) fn mails(&mut self, count: usize) -> Vec<String> {
        self.until(&format!("{count} mails arrive"), |exim| {
            let found = exim.arrived();
            (found.len() >= count).then_some(found)
        })
    }

    /// What has arrived until now.
    pub(crate) fn arrived(&self) -> Vec<String> {
        let Ok(inbox) = fs::read_dir(self.folder.path().join("inbox/new")) else { return Vec::new() };
        let mut files: Vec<PathBuf> = inbox.map(|entry| entry.expect("an entry").path()).collect();
        files.sort();
        files.iter().map(|file| fs::read_to_string(file).expect("UTF-8")).collect()
    }

    /// What the server wrote down of conversations and mails.
    pub(crate) fn log(&self) -> String {
        let read = |name: &str| {
            let bytes = fs::read(self.folder.path().join("log").join(name)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        ["main", "reject", "panic", "stderr"].map(read).concat()
    }

    /// Waits for something in the log.
    pub(crate) fn logs(&mut self, what: &str) {
        self.until(&format!("the log says {what:?}"), |exim| exim.log().contains(what).then_some(()));
    }

    fn until<T>(&mut self, what: &str, mut there: impl FnMut(&mut Self) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = there(self) {
                return found;
            }
            assert!(start.elapsed() < PATIENCE, "waited in vain until {what}: {}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Exim {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

fn free_ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    listeners.map(|listener| listener.local_addr().expect("bound").port())
}

fn configuration(at: &Path, port: u16, tls_port: u16, options: &Options) -> String {
    // Whoever runs the tests may start this server. As root it gives that up for a user of its own.
    let us = fs::metadata(at).expect("a folder");
    let user = if us.uid() == 0 {
        String::new()
    } else {
        format!("admin_groups = {1}\nexim_user = {0}\nexim_group = {1}", us.uid(), us.gid())
    };
    let at = at.display();
    let Options { starttls, authenticated, mechanism, waits, .. } = options;
    let starttls = if *starttls { "*" } else { "" };
    let authenticated =
        if *authenticated { "deny !authenticated = * \n message = 5.7.0 who are you" } else { "" };
    let (prompts, name, password) = match *mechanism {
        "PLAIN" => (":", "$auth2", "$auth3"),
        _ => ("Username:: : Password::", "$auth1", "$auth2"),
    };
    format!(
        "
primary_hostname = mail.example
spool_directory = {at}/spool
log_file_path = {at}/log/%s
pid_file_path = {at}/pid
exim_path = {PROGRAM}
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port} : {tls_port}
tls_on_connect_ports = {tls_port}
tls_advertise_hosts = {starttls}
tls_certificate = {at}/certificate.pem
tls_privatekey = {at}/key.pem
smtputf8_advertise_hosts = *
smtp_receive_timeout = {waits}
smtp_accept_max = 30
smtp_accept_queue_per_connection = 0
rfc1413_query_timeout = 0s
host_lookup =
keep_environment =
deliver_drop_privilege = true
{user}
log_selector = +smtp_connection +received_recipients +smtp_no_mail
acl_smtp_rcpt = recipient
acl_smtp_data = content

begin acl
recipient:
  {authenticated}
  deny condition = ${{if eq{{$local_part}}{{nobody}}}}
       message = 5.1.1 nobody here
  defer condition = ${{if eq{{$local_part}}{{later}}}}
        message = 4.2.2 come back later
  accept
content:
  deny condition = ${{if match{{$message_body}}{{forbidden}}}}
       message = 5.7.1 filter found https://app.example/callback?token=link-secret in the mail
  accept

begin routers
all:
  driver = accept
  transport = inbox

begin transports
inbox:
  driver = appendfile
  directory = {at}/inbox
  maildir_format
  create_directory
  envelope_to_add
  return_path_add

begin authenticators
one:
  driver = plaintext
  public_name = {mechanism}
  server_prompts = {prompts}
  server_condition = ${{if and{{{{eq{{{name}}}{{ada}}}}{{eq{{{password}}}{{pass word:%}}}}}}}}
  server_set_id = {name}
"
    )
}
