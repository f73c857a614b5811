// JioMeet's sample for one-step authentication.
const jwt = require('jsonwebtoken');

const [appID, secretKey] = process.argv.slice(2);

// Prepare the payload.
const payload = {
  app: appID,
};

// Sign the token.
const token = jwt.sign(payload, secretKey, { algorithm: 'HS256' });

console.log('Generated JWT:', token);
