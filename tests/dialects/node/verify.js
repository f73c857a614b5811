// Verifies a room token with the keys that are served, and prints its claims.
const crypto = require("node:crypto");
const axios = require("axios");
const jwt = require("jsonwebtoken");

const [jwks, token, audience] = process.argv.slice(2);
const { kid } = jwt.decode(token, { complete: true }).header;

axios.get(jwks).then(({ data }) => {
  const jwk = data.keys.find((key) => key.kid === kid);
  const key = crypto.createPublicKey({ key: jwk, format: "jwk" });
  console.log(JSON.stringify(jwt.verify(token, key, { algorithms: ["RS256"], audience })));
});
