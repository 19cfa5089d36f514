//! `completions` and `man`: gilsim in the shell and in the manual.

use crate::cli::refusal::UsageError;
use crate::cli::request::Request;
use clap::{Args, Command};
use clap_complete::Shell;
use std::fmt::Write;
use std::io;
use std::path::PathBuf;

/// The completions of a shell, to be read by it: commands and options; in bash, zsh and fish the values of options and the names of scenarios, too
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  gilsim completions bash > ~/.local/share/bash-completion/completions/gilsim\n  gilsim completions zsh > ~/.zfunc/_gilsim\n  gilsim completions fish > ~/.config/fish/completions/gilsim.fish"
)]
pub(super) struct CompletionsCommand {
    /// Which shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl CompletionsCommand {
    pub(super) fn request(self, definition: &Command) -> Result<Request, UsageError> {
        let mut script = Vec::new();
        let mut definition = shown(definition);
        clap_complete::generate(self.shell, &mut definition, "gilsim", &mut script);
        let script = String::from_utf8(script).map_err(|error| UsageError::new(error.to_string()))?;
        let more = match self.shell {
            // Otherwise bash takes `mutex:fair` for three words.
            Shell::Bash => "COMP_WORDBREAKS=${COMP_WORDBREAKS//:}\n".to_owned(),
            Shell::Fish => fish_words(&definition),
            _ => String::new(),
        };
        Ok(Request::Print(script + &more))
    }
}

/// What fish offers for words that are not behind an option, which `clap_complete` leaves out there. Of a definition that is built.
fn fish_words(definition: &Command) -> String {
    let mut lines = String::new();
    for command in definition.get_subcommands() {
        let words: Vec<String> = command
            .get_positionals()
            .flat_map(clap::Arg::get_possible_values)
            .map(|value| value.get_name().to_owned())
            .collect();
        if !words.is_empty() {
            let condition = format!("__fish_gilsim_using_subcommand {}", command.get_name());
            let _ = writeln!(lines, "complete -c gilsim -n \"{condition}\" -f -a \"{}\"", words.join(" "));
        }
    }
    lines
}

/// The pages of the manual, one for each command, written into a folder
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  gilsim man ~/.local/share/man/man1 && man gilsim-race\n  gilsim man . && man ./gilsim.1"
)]
pub(super) struct ManCommand {
    /// The folder, which must be there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl ManCommand {
    pub(super) fn request(self, definition: &Command) -> Result<Request, UsageError> {
        let mut definition = shown(definition);
        definition.build();
        let commands = definition.get_subcommands().filter(|command| command.get_name() != "help");
        let named = commands.map(|command| (format!("gilsim-{}", command.get_name()), command));
        let page = |(name, command): (String, &Command)| {
            let mut text = Vec::new();
            // Its name in the heading is that of the page.
            let command = command.clone().display_name(&name);
            clap_mangen::Man::new(command).title(name.to_uppercase()).render(&mut text)?;
            let text = String::from_utf8(text).map_err(io::Error::other)?;
            Ok((format!("{name}.1"), text))
        };
        let all = [("gilsim".to_owned(), &definition)].into_iter().chain(named);
        let pages: io::Result<Vec<(String, String)>> = all.map(page).collect();
        let pages = pages.map_err(|error| UsageError::new(error.to_string()))?;
        Ok(Request::Pages(self.folder, pages))
    }
}

/// The definition without the commands that gilsim calls itself.
fn shown(definition: &Command) -> Command {
    let commands: Vec<Command> =
        definition.get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect();
    let about = definition.get_about().cloned().unwrap_or_default();
    let after = definition.get_after_help().cloned().unwrap_or_default();
    Command::new("gilsim")
        .version(env!("CARGO_PKG_VERSION"))
        .about(about)
        .after_help(after)
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommands(commands)
}
