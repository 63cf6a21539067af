//! English.

use super::Texts;

pub(super) static TEXTS: Texts = Texts {
    help: "Get help",
    connect_title: "Connect to {server}",
    not_for_browsers: "*This is the address for AI applications.* A browser has nothing to do here. Give the address to an application, as described below.",
    address: "Address of this MCP server",
    address_hint: "An application needs nothing else. It opens your browser if you have to log in.",
    copy: "Copy",
    copied: "Copied",
    selected: "Selected: copy it with the keyboard",
    ways: "How to connect",
    add_to: "Add to {client}",
    run_command: "Run this command, then `/mcp` in a session to log in:",
    opens_application: "The button opens {client} on this computer.",
    or_file: "Or write this into {file}:",
    claude_steps: "*Settings*, *Connectors*, *Add custom connector*: paste the address.",
    chatgpt_steps: "*Settings*, *Apps*, *Advanced settings*: turn *Developer mode* on. Then *Create app*, paste the address, and choose *OAuth* where a login is needed.",
    cloud_reach: "Claude on the web and ChatGPT ask from the internet. They reach this server only if its address can be reached from there.",
    cloud_not_here: "Claude on the web and ChatGPT cannot reach this server: it answers this computer only. They need an https address on the internet.",
    others: "Other applications",
    others_steps: "Choose the transport *Streamable HTTP* and paste the address.",
    operations: "What it offers",
    operations_hint: "Only this computer sees this list, because the server answers this computer only.",
    no_operations: "Nothing is declared.",
    who_may: "Who may:",
    documentation: "Documentation",
    policy: "How data may be used",
    terms: "Terms of service",
    made_with: "An MCP server made with mcp-auth",
    version: "Version {version}",
};
