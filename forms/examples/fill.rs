//! Fills a form by hand: `cargo run -p forms --example fill -- fill FORM --values V.json -o OUT.pdf`.

use clap::Parser;

#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: forms::tool::Command,
}

fn main() {
    std::process::exit(forms::tool::run(&Args::parse().command));
}
