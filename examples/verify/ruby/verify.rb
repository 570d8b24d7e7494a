# A service that answers with its caller: ruby verify.rb ISSUER AUDIENCE PORT
require "jwt"
require "net/http"
require "webrick"

issuer, audience, port = ARGV
keys, fetched, lock = nil, -Float::INFINITY, Mutex.new
load_keys = lambda do |asked| # kept for ten minutes, for an unknown one 30 seconds; longer while there are no others
  lock.synchronize do
    age = Process.clock_gettime(Process::CLOCK_MONOTONIC) - fetched
    next keys unless age > (asked[:kid_not_found] ? 30 : 600)
    keys = { keys: JSON.parse(Net::HTTP.get(URI("#{issuer}/-/v1/jwks"))).fetch("keys") } rescue keys || raise
    fetched = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    keys
  end
end
rules = { algorithms: %w[ES256 RS256], jwks: load_keys, iss: issuer, verify_iss: true, aud: audience,
          verify_aud: true, required_claims: %w[exp sub] }

server = WEBrick::HTTPServer.new(BindAddress: "127.0.0.1", Port: port, AccessLog: [])
server.mount_proc("/") do |request, response|
  token = request.header["authorization"].join(",")[/\ABearer ([\w.~+\/-]+=*)\z/, 1]
  claims, header = JWT.decode(token, nil, true, rules)
  raise "not an access token" unless header["typ"] == "at+jwt"
  response.body = claims["sub"]
rescue StandardError # whatever is wrong, this is nobody
  response.status = 401
  response["WWW-Authenticate"] = 'Bearer realm="api", error="invalid_token"'
end
server.start
