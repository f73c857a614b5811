// JioMeet's sample for two-step authentication.
const fs = require('fs');
const jwt = require('jsonwebtoken');

const [appID, privateKeyFile] = process.argv.slice(2);

// Load the private key.
const privateKey = fs.readFileSync(privateKeyFile);

// Prepare the payload.
const payload = {
  app: appID,
};

// Sign the token with RS256.
const token = jwt.sign(payload, privateKey, { algorithm: 'RS256' });

console.log('Generated JWT:', token);
