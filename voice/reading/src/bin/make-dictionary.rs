//! Compiles the Japanese dictionary once: `make-dictionary SOURCE_DIR OUT_DIR`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [source, into] = arguments.as_slice() else {
        eprintln!("usage: make-dictionary SOURCE_DIR OUT_DIR");
        return ExitCode::from(2);
    };
    match reading::Japanese::compile(Path::new(source), Path::new(into)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(3)
        }
    }
}
