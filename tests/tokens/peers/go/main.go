// golang-jwt: verifies the tokens on standard input and writes its own.
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log"
	"os"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

type token struct {
	Algorithm string `json:"algorithm"`
	Key       string `json:"key"`
	Token     string `json:"token"`
	Good      bool   `json:"good"`
}

type claims struct {
	Name   string `json:"name"`
	Wigwag struct {
		Rooms []string `json:"rooms"`
		Can   []string `json:"can"`
	} `json:"wigwag"`
	jwt.RegisteredClaims
}

func verifyingKey(algorithm, text string) (any, error) {
	if algorithm == "HS256" {
		return []byte(text), nil
	}
	block, _ := pem.Decode([]byte(text))
	return x509.ParsePKIXPublicKey(block.Bytes)
}

func verify(given token) {
	var found claims
	key := func(*jwt.Token) (any, error) { return verifyingKey(given.Algorithm, given.Key) }
	_, err := jwt.ParseWithClaims(given.Token, &found, key, jwt.WithValidMethods([]string{given.Algorithm}),
		jwt.WithAudience("signal"), jwt.WithIssuer("wigwag"), jwt.WithExpirationRequired())
	if err != nil && !errors.Is(err, jwt.ErrTokenSignatureInvalid) {
		log.Fatalf("%s: %v", given.Algorithm, err)
	}
	accepted := err == nil && found.Subject == "ada" && found.Wigwag.Rooms[0] == "team-*"
	if accepted != given.Good {
		log.Fatalf("%s: accepted %t: %v", given.Algorithm, accepted, err)
	}
}

func sign(method jwt.SigningMethod, private any, key string) token {
	now := time.Now()
	var payload claims
	payload.Name = "Ada"
	payload.Wigwag.Rooms = []string{"team-*"}
	payload.Wigwag.Can = []string{"join"}
	payload.RegisteredClaims = jwt.RegisteredClaims{
		Subject: "ada", Issuer: "peer", Audience: []string{"signal"},
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(10 * time.Minute)),
	}
	unsigned := jwt.NewWithClaims(method, payload)
	unsigned.Header["kid"] = "main"
	text, err := unsigned.SignedString(private)
	if err != nil {
		log.Fatal(err)
	}
	return token{Algorithm: method.Alg(), Key: key, Token: text}
}

func publicPem(key crypto.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		log.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func main() {
	var given []token
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		log.Fatal(err)
	}
	for _, one := range given {
		verify(one)
	}
	secret := "a secret that golang-jwt and the server share"
	rsaKey, errRsa := rsa.GenerateKey(rand.Reader, 2048)
	ecKey, errEc := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	edPublic, edKey, errEd := ed25519.GenerateKey(rand.Reader)
	if err := errors.Join(errRsa, errEc, errEd); err != nil {
		log.Fatal(err)
	}
	tokens := []token{
		sign(jwt.SigningMethodHS256, []byte(secret), secret),
		sign(jwt.SigningMethodRS256, rsaKey, publicPem(&rsaKey.PublicKey)),
		sign(jwt.SigningMethodES256, ecKey, publicPem(&ecKey.PublicKey)),
		sign(jwt.SigningMethodEdDSA, edKey, publicPem(edPublic)),
	}
	if err := json.NewEncoder(os.Stdout).Encode(tokens); err != nil {
		log.Fatal(err)
	}
}
