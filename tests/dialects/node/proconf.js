// ProCONF's sample: an application server with an endpoint /proconfToken, which asks the admin backend in its turn, and a client
// of that server. What axios does with `req` as its configuration is take the headers, and so the client's credential.
//
// Source: today's axios also reads `httpVersion` of a request that is handed over whole, and fails on it by itself. So it is handed
// the headers only; that of 2024, when the sample was written, all of it.
const http = require("node:http");

const [library, ADMIN_BACKEND_URL, authorization, asked] = process.argv.slice(2);
const axios = require(library);

async function proconfToken(req) {
  const endpoint = "/proconf-token";
  const { role, room, participantName } = req.body;

  const response = await axios.post(
    ADMIN_BACKEND_URL + endpoint,
    { role, room, participantName },
    library === "axios" ? { headers: req.headers } : req,
    { headers: { "Content-type": "application/json" } }
  );

  return { error: null, data: response };
}

const server = http.createServer(async (req, res) => {
  let body = "";
  for await (const chunk of req) {
    body += chunk;
  }
  req.body = JSON.parse(body);
  try {
    const { data: response } = await proconfToken(req);
    res.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(response.data));
  } catch (error) {
    // What the admin backend said is passed on; anything else is this program's own fault.
    const { status, data } = error.response ?? { status: 599, data: error.message };
    res.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(data));
  }
});

server.listen(0, "127.0.0.1", async () => {
  const headers = authorization ? { Authorization: authorization } : {};
  const url = `http://127.0.0.1:${server.address().port}/proconfToken`;
  const answer = await axios.post(url, JSON.parse(asked), { headers, validateStatus: () => true });
  console.log(JSON.stringify({ status: answer.status, body: answer.data }));
  process.exit();
});
