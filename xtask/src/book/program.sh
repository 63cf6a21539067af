# program.sh PROGRAM DIRECTORY REPOSITORY: uses DIRECTORY/printed as PROGRAM's configuration, on a network and with mounts of
# its own, so that the names, ports and paths can be those that are printed.
set -euo pipefail
program=$1 directory=$2 repository=$3
cd "$directory"
# Nothing here goes out.
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
started=()
stop() { [ ${#started[@]} = 0 ] || kill "${started[@]}" 2>/dev/null || true; }
trap stop EXIT

# A server that is asked `$@` until it answers.
until_answers() {
  for _ in $(seq 200); do
    if curl -sf -o /dev/null "$@"; then return; fi
    sleep 0.1
  done
  curl -sv "$@" || true
  cat ./*.log
  return 1
}
# The todos example as the page has it behind a proxy; the built-in issuer of a second one stands for the authorization
# server.
serve() {
  export TODOS_DB=$directory/todos.db MCP_ISSUER__STATE_DIR=$directory/state
  "$repository/target/debug/examples/todos" --listen 127.0.0.1:9090 >issuer.log 2>&1 & started+=($!)
  until_answers http://127.0.0.1:9090/healthz
  MCP_SERVER__PUBLIC_URL=https://todos.example.com/mcp MCP_ISSUER__ENABLED=false \
    MCP_AUTH__ISSUERS='[{issuer="http://127.0.0.1:9090"}]' \
    "$repository/target/debug/examples/todos" --listen 127.0.0.1:8080 >todos.log 2>&1 & started+=($!)
  until_answers http://127.0.0.1:8080/readyz
}
# This certificate and no other, for curl and for the doctor.
trust() {
  export SSL_CERT_FILE=$1 CURL_CA_BUNDLE=$1
  unset SSL_CERT_DIR
}
here() {
  printf '127.0.0.1 localhost todos.example.com\n' >hosts
  mount --bind hosts /etc/hosts
}
# What clients need of a proxy, asked by its name and with its certificate.
walk() {
  local url=https://todos.example.com
  for path in /healthz /readyz; do
    [ "$(curl -s -o /dev/null -w '%{http_code}' $url$path)" = 404 ] || { echo "$path is not 404"; return 1; }
  done
  "$repository/target/debug/mcp-auth" doctor $url/mcp >doctor.log || true
  cat doctor.log
  for line in reachability challenge resource-metadata-path resource; do
    grep -q "^ok  *$line " doctor.log || { echo "the doctor does not say ok to $line"; return 1; }
  done
  # The header arrives, and so does what is answered to it.
  curl -si $url/mcp -H 'Authorization: Bearer no.such.token' -H 'Content-Type: application/json' \
    -H 'Accept: application/json, text/event-stream' -d '{"jsonrpc":"2.0","id":1,"method":"ping"}' | tee refused.log
  grep -qi '^www-authenticate: .*error="invalid_token"' refused.log
}

case $program in
nginx)
  printf '[req]\ndistinguished_name=name\n[name]\n[leaf]\nbasicConstraints=CA:FALSE\nsubjectAltName=DNS:todos.example.com\n' >leaf.cnf
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=todos.example.com -config leaf.cnf \
    -extensions leaf -keyout todos.example.com.key -out todos.example.com.pem 2>openssl.log
  trust "$directory/todos.example.com.pem"
  here
  serve
  mount --bind "$directory" /etc/ssl
  cat >nginx.conf <<END
daemon off;
user root root;
master_process off;
pid $directory/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path $directory/1;
  proxy_temp_path $directory/2;
  fastcgi_temp_path $directory/3;
  uwsgi_temp_path $directory/4;
  scgi_temp_path $directory/5;
  include $directory/printed;
}
END
  nginx -t -e stderr -c "$directory/nginx.conf"
  nginx -e stderr -c "$directory/nginx.conf" >nginx.log 2>&1 & started+=($!)
  until_answers https://todos.example.com/.well-known/oauth-protected-resource/mcp
  walk
  ;;
caddy)
  export XDG_DATA_HOME=$directory/data XDG_CONFIG_HOME=$directory/config HOME=$directory
  # A certificate of its own, since nobody can be asked for one.
  { printf '{\n\tlocal_certs\n\tskip_install_trust\n\tadmin off\n}\n'; cat printed; } >Caddyfile
  here
  serve
  caddy validate --adapter caddyfile --config Caddyfile
  caddy run --adapter caddyfile --config Caddyfile >caddy.log 2>&1 & started+=($!)
  trust "$directory/data/caddy/pki/authorities/local/root.crt"
  until_answers https://todos.example.com/.well-known/oauth-protected-resource/mcp
  walk
  ;;
systemd-analyze)
  # The program it starts is not installed here.
  sed "s#^ExecStart=/usr/local/bin/todos #ExecStart=$repository/target/debug/examples/todos #" printed >todos.service
  systemd-analyze verify --man=no ./todos.service 2>&1 | tee said
  [ ! -s said ]
  ;;
esac
