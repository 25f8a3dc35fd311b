//! The emulator before a virtual machine: this is QEMU's end of the line, as `ccid-card-passthru` speaks.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

const INIT: u32 = 1;
const ERROR: u32 = 2;
const READER_ADD: u32 = 3;
const ATR: u32 = 5;
const CARD_REMOVED: u32 = 6;
const APDU: u32 = 7;

struct Machine {
    line: UnixStream,
    emulator: Child,
    says: BufReader<ChildStdout>,
}

impl Machine {
    fn start(arguments: &[&str]) -> Self {
        let folder =
            std::env::temp_dir().join(format!("vscard-{}-{:?}", std::process::id(), std::thread::current().id()));
        std::fs::create_dir_all(&folder).unwrap();
        let socket = folder.join("card");
        let listener = UnixListener::bind(&socket).unwrap();
        let citizen = Path::new(env!("CARGO_MANIFEST_DIR")).join("citizens/hanako.toml");
        let mut emulator = Command::new(env!("CARGO_BIN_EXE_card-emulator"))
            .arg("--vscard")
            .arg(&socket)
            .arg("--citizen")
            .arg(citizen)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let says = BufReader::new(emulator.stdout.take().unwrap());
        let line = listener.accept().unwrap().0;
        std::fs::remove_dir_all(&folder).unwrap();
        let mut machine = Self { line, emulator, says };
        let (kind, reader, hello) = machine.receive();
        assert_eq!((kind, reader, hello.len()), (INIT, u32::MAX, 12));
        assert_eq!(hello[..8], *b"VSCD\0\0\0\x02");
        machine.send(INIT, u32::MAX, b"VSCD\0\0\0\x02\0\0\0\0");
        assert_eq!(machine.receive().0, READER_ADD);
        machine.send(ERROR, 0, &[0; 4]);
        machine.says("ready");
        machine
    }

    fn send(&mut self, kind: u32, reader: u32, payload: &[u8]) {
        let head = [kind, reader, payload.len() as u32].map(u32::to_be_bytes).concat();
        self.line.write_all(&[&head, payload].concat()).unwrap();
    }

    fn receive(&mut self) -> (u32, u32, Vec<u8>) {
        let mut head = [0; 12];
        self.line.read_exact(&mut head).unwrap();
        let word = |at: usize| u32::from_be_bytes(head[at..at + 4].try_into().unwrap());
        let mut payload = vec![0; word(8) as usize];
        self.line.read_exact(&mut payload).unwrap();
        (word(0), word(4), payload)
    }

    fn hand(&mut self, does: &str) {
        writeln!(self.emulator.stdin.as_mut().unwrap(), "{does}").unwrap();
    }

    fn says(&mut self, state: &str) {
        let mut line = String::new();
        self.says.read_line(&mut line).unwrap();
        assert!(line.contains(state), "{line}");
    }

    fn insert(&mut self) {
        self.hand("insert");
        let (kind, reader, atr) = self.receive();
        assert_eq!((kind, reader), (ATR, 0));
        // Of T=0 alone: QEMU's reader has no T=1.
        assert_eq!(atr, [0x3b, 0x00]);
        self.send(ERROR, 0, &[0; 4]);
        self.says("inserted");
    }

    fn transmit(&mut self, command: &[u8]) -> (u32, Vec<u8>) {
        self.send(APDU, 0, command);
        let (kind, _, answer) = self.receive();
        (kind, answer)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.emulator.kill();
        let _ = self.emulator.wait();
    }
}

/// SELECT of the application for signatures.
const SELECT: &[u8] = b"\x00\xa4\x04\x0c\x0a\xd3\x92\xf0\x00\x26\x01\x00\x00\x00\x01";
/// READ BINARY with nothing selected.
const READ: &[u8] = b"\x00\xb0\x00\x00\x00";

#[test]
fn a_card_comes_answers_and_goes_and_comes_again_without_what_was_opened() {
    let mut machine = Machine::start(&[]);
    machine.insert();
    assert_eq!(machine.transmit(READ), (APDU, vec![0x69, 0x86]));
    assert_eq!(machine.transmit(SELECT), (APDU, vec![0x90, 0x00]));
    assert_eq!(machine.transmit(b"\x00\x84\x00\x00\x08").1.len(), 10);
    machine.hand("remove");
    assert_eq!(machine.receive().0, CARD_REMOVED);
    machine.send(ERROR, 0, &[0; 4]);
    machine.says("removed");
    assert_eq!(machine.transmit(READ), (ERROR, vec![0, 0, 0, 1]));
    machine.insert();
    // SELECT of the current application: there is none.
    assert_eq!(machine.transmit(b"\x00\xa4\x00\x00"), (APDU, vec![0x6a, 0x86]));
}

#[test]
fn a_card_is_torn_away_in_the_middle() {
    let mut machine = Machine::start(&["--torn-after", "1"]);
    machine.insert();
    assert_eq!(machine.transmit(SELECT).0, APDU);
    assert_eq!(machine.transmit(SELECT).0, CARD_REMOVED);
    machine.says("removed");
}

#[test]
fn it_ends_with_what_is_no_virtual_machine() {
    let folder = std::env::temp_dir().join(format!("vscard-{}", std::process::id()));
    let status = Command::new(env!("CARGO_BIN_EXE_card-emulator"))
        .args(["--citizen", concat!(env!("CARGO_MANIFEST_DIR"), "/citizens/hanako.toml"), "--vscard"])
        .arg(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(!status.success());
}
