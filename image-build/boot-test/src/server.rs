//! An HTTPS server for a folder of updates: Python's own, with a certificate made for this test. (OpenSSL's answers a file that is
//! not there with "200 ok".)

use crate::vm::wait;
use anyhow::{Context, Result};
use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// In which it must have come up.
const START: Duration = Duration::from_secs(30);

const SERVE: &str = "
import functools, http.server, ssl, sys
folder, port, certificate, key = sys.argv[1:]
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
server = http.server.ThreadingHTTPServer(('127.0.0.1', int(port)), handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
";

/// The server; it ends with this value.
pub struct Server {
    process: Child,
    /// Its port on 127.0.0.1; the virtual machine finds it at 10.0.2.2.
    pub port: u16,
    /// The certificate that a client must trust.
    pub certificate: PathBuf,
}

impl Server {
    /// Serves `folder`, as it is at any time; keeps its key in `work`, beside those of others.
    pub fn start(folder: &Path, work: &Path) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let work = work.join(port.to_string());
        std::fs::create_dir_all(&work)?;
        let work = std::fs::canonicalize(work)?;
        let (key, certificate) = (work.join("server.key"), work.join("server.crt"));
        let status = Command::new("openssl")
            .args(["req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=updates"])
            .args(["-addext", "subjectAltName=IP:10.0.2.2"])
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .stderr(Stdio::null())
            .status()
            .context("openssl")?;
        anyhow::ensure!(status.success(), "no certificate could be made");
        let process = Command::new("python3")
            .args(["-c", SERVE])
            .arg(std::fs::canonicalize(folder)?)
            .arg(port.to_string())
            .args([&certificate, &key])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(work.join("server.log"))?)
            .spawn()
            .context("python3")?;
        let server = Self { process, port, certificate };
        wait(START, "the server", || Ok(TcpStream::connect(("127.0.0.1", port)).ok().map(drop)))?;
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
