//! An HTTPS server for a folder of updates: OpenSSL's own, with a certificate made for this test.

use anyhow::{Context, Result};
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The server; it ends with this value.
pub struct Server {
    process: Child,
    /// Its port on 127.0.0.1; the virtual machine finds it at 10.0.2.2.
    pub port: u16,
    /// The certificate that a client must trust.
    pub certificate: PathBuf,
}

impl Server {
    /// Serves `folder`; keeps its key in `work`.
    pub fn start(folder: &Path, work: &Path) -> Result<Self> {
        std::fs::create_dir_all(work)?;
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
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = Command::new("openssl")
            .current_dir(folder)
            .args(["s_server", "-quiet", "-WWW", "-accept", &format!("127.0.0.1:{port}")])
            .arg("-key")
            .arg(&key)
            .arg("-cert")
            .arg(&certificate)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(work.join("server.log"))?)
            .spawn()
            .context("openssl s_server")?;
        Ok(Self { process, port, certificate })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
