// Signs with an alias' secret, and retrieves the alias.
const axios = require("axios");
const jwt = require("jsonwebtoken");

const [base, secret, claims] = process.argv.slice(2);
const token = jwt.sign(JSON.parse(claims), secret);

axios
  .get(`${base}/organization/api/v1/alias/${JSON.parse(claims).alias}`, {
    headers: { authorization: `Bearer ${token}` },
    validateStatus: () => true,
  })
  .then((answer) => console.log(JSON.stringify({ status: answer.status, body: answer.data })));
