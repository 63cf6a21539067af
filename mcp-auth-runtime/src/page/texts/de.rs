//! German.

use super::Texts;

pub(super) static TEXTS: Texts = Texts {
    help: "Hilfe erhalten",
    connect_title: "Mit {server} verbinden",
    not_for_browsers: "*Das ist die Adresse für KI-Anwendungen.* Ein Browser kann hier nichts tun. Tragen Sie die Adresse in einer Anwendung ein, wie unten beschrieben.",
    address: "Adresse dieses MCP-Servers",
    address_hint: "Mehr braucht eine Anwendung nicht. Sie öffnet Ihren Browser, wenn Sie sich anmelden müssen.",
    copy: "Kopieren",
    copied: "Kopiert",
    selected: "Markiert: Kopieren Sie es mit der Tastatur",
    ways: "So verbinden Sie eine Anwendung",
    add_to: "Zu {client} hinzufügen",
    run_command: "Führen Sie diesen Befehl aus und dann in einer Sitzung `/mcp`, um sich anzumelden:",
    opens_application: "Die Schaltfläche öffnet {client} auf diesem Computer.",
    or_file: "Oder schreiben Sie dies in {file}:",
    claude_steps: "*Einstellungen*, *Konnektoren*, *Benutzerdefinierten Konnektor hinzufügen*: Fügen Sie die Adresse ein.",
    chatgpt_steps: "*Einstellungen*, *Apps*, *Erweiterte Einstellungen*: Schalten Sie den *Entwicklermodus* ein. Dann *App erstellen*: Fügen Sie die Adresse ein, und wählen Sie *OAuth*, wenn eine Anmeldung nötig ist.",
    cloud_reach: "Claude im Web und ChatGPT fragen aus dem Internet. Sie erreichen diesen Server nur, wenn seine Adresse von dort erreichbar ist.",
    cloud_not_here: "Claude im Web und ChatGPT erreichen diesen Server nicht: Er antwortet nur diesem Computer. Beide brauchen eine https-Adresse im Internet.",
    others: "Andere Anwendungen",
    others_steps: "Wählen Sie den Transport *Streamable HTTP*, und fügen Sie die Adresse ein.",
    operations: "Was dieser Server anbietet",
    operations_hint: "Nur dieser Computer sieht diese Liste, weil der Server nur diesem Computer antwortet.",
    no_operations: "Dieser Server bietet noch nichts an.",
    who_may: "Wer darf:",
    documentation: "Dokumentation",
    policy: "Umgang mit Daten",
    terms: "Nutzungsbedingungen",
    made_with: "Ein MCP-Server, gemacht mit mcp-auth",
    version: "Version {version} des Servers",
};
