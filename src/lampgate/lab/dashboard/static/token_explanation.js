// Why the Kubernetes API of an AKS cluster refused a token, judged from what the token says about itself.

/** The audience AKS accepts: the application "Azure Kubernetes Service AAD Server", the same in every tenant. */
export const AKS_SERVER = "6dae42f8-4368-4678-94ff-3960e28e3630";

const GRAPH = ["00000003-0000-0000-c000-000000000000", "https://graph.microsoft.com"];
const ASK_FOR_IT =
  `Let the gateway ask for the scope ${AKS_SERVER}/user.read and put the access token, not the ID token, ` +
  "into the Authorization header.";

/**
 * @param facts aud, iss, ver and exp of the token; null where there is no readable token
 * @param problem what the dashboard said in their place
 * @returns a sentence that says what is wrong, and a remedy
 */
export function explainRefusal(facts, problem, now = Date.now()) {
  if (!facts) {
    return problem === "unauthorized"
      ? { sentence: "No token reached the dashboard, so none reached the API.", remedy: ASK_FOR_IT }
      : {
          sentence: "What reached the dashboard is not a JSON Web Token, so the API cannot read it.",
          remedy: ASK_FOR_IT,
        };
  }
  const audience = [facts.aud].flat().join(", ");
  if (GRAPH.includes(audience)) {
    return {
      sentence: "This is a token for Microsoft Graph. The Kubernetes API does not accept it.",
      remedy: ASK_FOR_IT,
    };
  }
  if (audience !== AKS_SERVER || facts.ver === "2.0") {
    const sentence =
      "This is an ID token: it says who someone is, not what they may do. " +
      `Its audience is ${audience || "missing"}; the API accepts only tokens for the audience ${AKS_SERVER}.`;
    return { sentence, remedy: ASK_FOR_IT };
  }
  if (typeof facts.exp === "number" && facts.exp * 1000 < now) {
    return {
      sentence: "This token has expired.",
      remedy: "The gateway should have fetched a new one. Sign out and in again; if it returns, look at its refresh.",
    };
  }
  return {
    sentence: "The token's audience is right and it has not expired, so the API refused it for another reason.",
    remedy: "Compare the issuer's tenant with the cluster's tenant, and the clocks of both sides.",
  };
}
