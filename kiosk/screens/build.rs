//! Compiles the `.slint` files.

fn main() -> Result<(), slint_build::CompileError> {
    let config = slint_build::CompilerConfiguration::new()
        // Our own controls only; the style is never seen.
        .with_style("fluent-light".to_owned())
        // Element types and labels for tests and for staff's diagnosis; costs a few kilobytes.
        .with_debug_info(true);
    slint_build::compile_with_config("ui/app.slint", config)
}
